import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { listLicences } from '../src/cli/licences.ts';

const read = (path: string) => readFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

const service = z.object({
  read_only: z.literal(true),
  image: z.string(),
  build: z.object({ args: z.record(z.string(), z.string()) }).optional(),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
});
const composition = z.object({ services: z.record(z.string(), service) });

describe('compose.yaml', async () => {
  const text = await read('compose.yaml');
  const { services } = composition.parse(parse(text, { merge: true }));

  test('runs every container read-only, without privileges to gain, and with no capability that it does not need', () => {
    expect(Object.keys(services)).toEqual(['api', 'worker', 'postgres', 'mongo']);
    for (const { security_opt } of Object.values(services)) expect(security_opt).toEqual(['no-new-privileges:true']);
    expect([services.api?.cap_add, services.worker?.cap_add]).toEqual([[], []]);
  });

  test('has no password of its own: whoever starts it gives every one', () => {
    const secrets = Object.values(services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|KEY$|_URL$/.test(name) && name !== 'PUBLIC_URL'),
    );
    expect(secrets.length).toBeGreaterThan(6);
    for (const [name, value] of secrets) expect([name, value]).toEqual([name, expect.stringMatching(/\$\{\w+:\?/)]);
    expect(text).not.toMatch(/\$\{\w*(PASSWORD|KEY):-/);
  });

  test('names a version of every image of others, and lets a digest be put in its place', () => {
    const images = [services.postgres?.image, services.mongo?.image, services.api?.build?.args.NODE_IMAGE];
    for (const image of images) expect(image).toMatch(/^\$\{\w+_IMAGE:-[a-z]+:\d+\.\d+(-[a-z]+)?\}$/);
    expect(services.worker?.build).toEqual(services.api?.build);
  });

  test('makes both stores ask for a password, and opens no port but that of the API, on loopback', () => {
    expect(services.mongo?.environment).toHaveProperty('MONGO_INITDB_ROOT_PASSWORD');
    expect(services.api?.environment.MONGODB_URL).toMatch(/^mongodb:\/\/\w+:\$\{MONGODB_PASSWORD/);
    expect(Object.values(services).flatMap(({ ports }) => ports)).toEqual(['127.0.0.1:4000:4000']);
  });
});

test('the image runs as a user without rights, and installs what the lock file says', async () => {
  const dockerfile = await read('Dockerfile');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER node$/m);
  expect(last.slice(last.indexOf('\nUSER node'))).not.toMatch(/^(RUN|COPY|ADD|USER root)/m);
  expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+-slim$/m);
  expect(dockerfile.match(/^FROM .*/gm)).toHaveLength(2);
  expect(dockerfile.match(/^FROM \$\{NODE_IMAGE\}( AS build)?$/gm)).toHaveLength(2);
  expect(dockerfile).toMatch(/RUN npm ci$/m);
  expect(dockerfile).not.toMatch(/npm install|curl|wget|ADD http/);
});

test('a release brings along only what may be passed on, changed or not, without passing on what is ours', async () => {
  const permissive =
    /^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|Unlicense|BlueOak-1\.0\.0|MIT and ISC|\(MIT OR [\w.-]+\))$/;
  const others = [...listLicences(await read('package-lock.json'))].filter(([licence]) => !permissive.test(licence));
  // Of Prisma's command line, which Tidewater does not load; the licence asks for its source, unchanged as it is, and no more.
  expect(others).toEqual([['EPL-2.0', [expect.stringMatching(/^elkjs /)]]]);
});
