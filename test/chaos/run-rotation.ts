import { parseArgs } from 'node:util';
import { startPostgresServer } from '../support/postgresql-server.ts';
import { runRotation } from './rotation.ts';

// npm run rotation-figures [-- --secrets 100000 --users 5000]: the encryption key is rotated while a cycle over so many users,
// deliveries and the API run.
const { values } = parseArgs({
  options: { secrets: { type: 'string', default: '100000' }, users: { type: 'string', default: '5000' } },
});
const postgres = await startPostgresServer({ durable: true });
if (postgres) {
  try {
    const { log, ...figures } = await runRotation(postgres, {
      secrets: Number(values.secrets),
      users: Number(values.users),
    });
    console.table(figures);
    if (log) console.log(log);
  } finally {
    await postgres.stop();
  }
}
