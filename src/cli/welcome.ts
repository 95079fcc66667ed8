import type { App } from '../app.ts';

/** What a person reads when everything is up: where things are, the first key, and what to do next. */
export function renderWelcome(
  app: Pick<App, 'url' | 'graphiql' | 'sandboxBankUrl' | 'dataDir' | 'databaseKind' | 'jobBackend' | 'newApiKey'>,
): string {
  const lines: Array<[string, string]> = [[app.graphiql ? 'GraphQL and GraphiQL' : 'GraphQL', `${app.url}/graphql`]];
  if (app.sandboxBankUrl) lines.push(['Sandbox bank', app.sandboxBankUrl]);
  lines.push([
    'Stores',
    app.databaseKind === 'embedded'
      ? `embedded PostgreSQL in ${app.dataDir}, jobs on ${app.jobBackend}`
      : `PostgreSQL, jobs on ${app.jobBackend}`,
  ]);
  if (app.newApiKey) lines.push(['API key', `${app.newApiKey}   (shown this once; kept in ${app.dataDir}/api-key)`]);
  else if (app.databaseKind === 'embedded')
    lines.push(['API key', `as before; see ${app.dataDir}/api-key or BOOTSTRAP_API_KEY`]);
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return `
Tidewater is running. Ctrl-C stops it.

${lines.map(([name, value]) => `  ${name.padEnd(width)}${value}`).join('\n')}

Next: run "npm run demo" in a second terminal to watch bank logins connect, synchronize and
${app.graphiql ? withGraphiQL : 'deliver.'}

`;
}

const withGraphiQL = `deliver; or open GraphiQL, put {"Authorization": "Bearer <API key>"} under Headers, and ask for
{ viewer { name } banks { nodes { id name } } }.`;
