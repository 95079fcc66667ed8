import { createHash } from 'node:crypto';
import { firstOperations } from './first-operations.ts';

/** Where the files of the page are; below the API's own address, so that a proxy passes on both or neither. */
export const assetsPath = '/graphql/graphiql/';

const options = {
  title: 'Tidewater',
  defaultQuery: firstOperations,
  headers: JSON.stringify({ Authorization: 'Bearer YOUR_API_KEY' }, null, 2),
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: true,
  subscriptionsProtocol: 'WS',
};

// Not localStorage: every page of this origin, and every later user of this browser, could read the key there.
const startScript = `
  const workers = { json: 'json', graphql: 'graphql' };
  self.MonacoEnvironment = {
    globalAPI: false,
    getWorkerUrl: (_module, label) => '${assetsPath}' + (workers[label] ?? 'editor') + '.worker.js',
  };
  addEventListener('DOMContentLoaded', () =>
    YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
      ...${JSON.stringify(options).replaceAll('<', '\\u003c')},
      storage: sessionStorage,
    }),
  );
`;

export const graphiqlPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Tidewater</title>
    <link rel="icon" href="${assetsPath}favicon.ico">
    <link rel="stylesheet" href="${assetsPath}graphiql.css">
    <style>
      body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
      #note { margin: 0; padding: 4px 16px; font: 13px sans-serif; color: #333; background: #eef3f8; }
      #root { flex: 1; min-height: 0; }
      #root .graphiql-container { height: 100%; }
    </style>
    <script>${startScript}</script>
    <script src="${assetsPath}graphiql.js" defer></script>
  </head>
  <body class="no-focus-outline">
    <p id="note">The key under Headers stays in this tab (sessionStorage) and is forgotten when the tab is closed.</p>
    <div id="root"><noscript>GraphiQL needs JavaScript.</noscript></div>
  </body>
</html>
`;

const startScriptHash = createHash('sha256').update(startScript).digest('base64');

/**
 * Scripts are those of this origin and the one above. Styles may be inline: GraphiQL's editors write their own as they run.
 * connect-src 'self' includes the socket of the same host.
 */
export const pagePolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${startScriptHash}'`,
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
