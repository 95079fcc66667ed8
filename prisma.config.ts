import { defineConfig } from 'prisma/config';

// `prisma generate` and `prisma validate` only ask that the engine's file exists; they never run it. Naming an existing
// file keeps an install from downloading an engine that the product does not use: migrations run through src/storage.
if (!process.argv.includes('migrate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost:1/none' },
});
