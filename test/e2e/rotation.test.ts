import { expect, it } from 'vitest';
import { runRotation } from '../chaos/rotation.ts';
import { startPostgresServer } from '../support/postgresql-server.ts';

// `npm run rotation-figures` does the same with 100,000 secrets.
it('rotates the encryption key while a cycle, deliveries and the API run, and nothing of them fails', {
  timeout: 300_000,
}, async (test) => {
  const postgres = await startPostgresServer();
  if (!postgres) return test.skip('PostgreSQL is missing');
  try {
    const { delivered, sessionsMade, ...figures } = await runRotation(postgres, { users: 200, secrets: 2_000 });
    expect(figures).toMatchObject({
      exitCode: 0,
      synchronized: 200,
      notSynchronized: 0,
      unverified: 0,
      failedAttempts: 0,
      failedCalls: 0,
      left: 0,
      undecryptable: 0,
      log: '',
    });
    expect(figures.secrets).toBeGreaterThan(2_200);
    expect(delivered).toBeGreaterThan(200 + sessionsMade);
    expect(sessionsMade).toBeGreaterThan(10);
  } finally {
    await postgres.stop();
  }
});
