import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { StartupError } from '../../src/domain/errors.ts';

const noFiles = (path: string): string => {
  throw new Error(`ENOENT: no such file ${path}`);
};
const key = Buffer.alloc(32, 7).toString('base64');

function faultsOf(environment: Record<string, string>, readFile = noFiles): string {
  try {
    parseConfig(environment, readFile);
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    return (error as Error).message;
  }
  return '';
}

describe('ENCRYPTION_KEY', () => {
  const revealed = (environment: Record<string, string>, file = '') =>
    parseConfig(environment, () => file).encryptionKeys?.map((secret) => secret.reveal());
  const [one, two] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];

  it('takes several keys, and a file with one a line', () => {
    expect(revealed({ ENCRYPTION_KEY: `${one}, ${two}` })).toEqual([one, two]);
    expect(revealed({ ENCRYPTION_KEY_FILE: '/run/secrets/key' }, `${two}\n${one}\n`)).toEqual([two, one]);
  });

  it('refuses a list of which one is no key, and a file that cannot be read', () => {
    expect(() => revealed({ ENCRYPTION_KEY: `${one},c2hvcnQ=` })).toThrow('ENCRYPTION_KEY: must be 32 bytes');
    const unreadable = () => {
      throw new Error('ENOENT');
    };
    expect(() => parseConfig({ ENCRYPTION_KEY_FILE: '/none' }, unreadable)).toThrow(
      'ENCRYPTION_KEY_FILE: cannot read /none',
    );
  });
});

describe('parseConfig', () => {
  it('needs nothing: the embedded default is complete', () => {
    expect(parseConfig({}, noFiles)).toEqual({
      port: 4000,
      host: '127.0.0.1',
      publicUrl: null,
      dataDir: '.data',
      databaseUrl: null,
      mongodbUrl: null,
      bootstrapApiKey: null,
      encryptionKeys: null,
      sandboxBankPort: 4001,
      banks: null,
      syncLanes: 1,
      retentionDays: 90,
      auditRetentionDays: 730,
      webhookNetworksNamed: false,
      role: 'all',
      webhookAllowedNetworks: ['127.0.0.0/8', '::1/128'],
      webhookClientCertificate: null,
      embeddingOrigins: [],
      requestsPerMinute: 6000,
      requestCounts: 'process',
      anonymousRequestsPerMinute: 600,
      connectionsPerAddress: 1000,
      clientProcessorPercent: 25,
      operationTimeoutSeconds: 30,
      trustedDocuments: { documents: new Map(), only: false },
      graphiql: true,
      corsOrigins: [],
      logLevel: 'info',
    });
  });

  it('treats an empty variable as one left out', () => {
    expect(parseConfig({ PORT: '', DATABASE_URL: '' }, noFiles).port).toBe(4000);
  });

  it('names every faulty variable at once', () => {
    const faults = faultsOf({
      PORT: 'http',
      PUBLIC_URL: 'ftp://x',
      DATABASE_URL: 'mysql://x',
      BOOTSTRAP_API_KEY: 'short',
      ENCRYPTION_KEY: 'c2hvcnQ=',
      SYNC_LANES: '0',
      RETENTION_DAYS: '6',
      ROLE: 'boss',
      WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8,home',
      REQUESTS_PER_MINUTE: '0',
      ANONYMOUS_REQUESTS_PER_MINUTE: '-1',
      CONNECTIONS_PER_ADDRESS: 'many',
      REQUEST_COUNTS: 'nowhere',
      CLIENT_PROCESSOR_PERCENT: '101',
      OPERATION_TIMEOUT_SECONDS: 'long',
      GRAPHIQL: 'yes',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
    });
    for (const name of [
      'PORT',
      'PUBLIC_URL',
      'DATABASE_URL',
      'BOOTSTRAP_API_KEY',
      'ENCRYPTION_KEY',
      'SYNC_LANES',
      'RETENTION_DAYS',
      'ROLE',
      'WEBHOOK_ALLOWED_NETWORKS',
      'REQUESTS_PER_MINUTE',
      'ANONYMOUS_REQUESTS_PER_MINUTE',
      'CONNECTIONS_PER_ADDRESS',
      'REQUEST_COUNTS',
      'CLIENT_PROCESSOR_PERCENT',
      'OPERATION_TIMEOUT_SECONDS',
      'GRAPHIQL',
      'CORS_ORIGINS',
      'LOG_LEVEL',
    ]) {
      expect(faults).toMatch(new RegExp(`^ {2}${name}: `, 'm'));
    }
  });

  it.each([
    [{ DATABASE_URL: 'postgresql://db/x', BANKS_FILE: 'banks.json' }, /ENCRYPTION_KEY/],
    [{ DATABASE_URL: 'postgresql://db/x', ENCRYPTION_KEY: key }, /BANKS_FILE/],
    [{ SANDBOX_BANK_PORT: 'off' }, /BANKS_FILE/],
    [{ ROLE: 'worker' }, /ROLE: needs DATABASE_URL/],
    [{ WEBHOOK_CLIENT_KEY_FILE: 'tls.key' }, /WEBHOOK_CLIENT_CERTIFICATE_FILE, WEBHOOK_CLIENT_KEY_FILE: need each/],
    [{ PORT: '4001' }, /SANDBOX_BANK_PORT: must differ/],
  ])('refuses settings that cannot work together: %j', (environment, fault) => {
    expect(faultsOf(environment)).toMatch(fault);
  });

  it('turns the sandbox bank, GraphiQL and the open loopback off on a database server', () => {
    const config = parseConfig({ DATABASE_URL: 'postgresql://db/x', ENCRYPTION_KEY: key, BANKS_FILE: 'b' }, () =>
      JSON.stringify([{ id: 'bank_a', name: 'A', country: 'DE', baseUrl: 'https://a.example/' }]),
    );
    expect(config.sandboxBankPort).toBeNull();
    expect(config.graphiql).toBe(false);
    expect(config.webhookAllowedNetworks).toEqual([]);
    expect(config.banks).toMatchObject([{ id: 'bank_a', baseUrl: 'https://a.example', preferredApproach: 'redirect' }]);
  });

  it('names the place of every fault in BANKS_FILE', () => {
    const faults = faultsOf({ BANKS_FILE: '/etc/banks.json' }, (path) => {
      if (path !== '/etc/banks.json') throw new Error(`ENOENT: ${path}`);
      return JSON.stringify([
        { id: 'bank_a', name: 'A', country: 'Germany', baseUrl: 'https://a.example' },
        { id: 'a', name: '', country: 'DE', baseUrl: 'nowhere', ownIpAddress: '::1' },
      ]);
    });
    for (const place of ['0.country', '1.id', '1.name', '1.baseUrl', '1.ownIpAddress'])
      expect(faults).toContain(`BANKS_FILE: ${place}`);
  });

  it('reads trusted documents as code generators and Apollo Client write them', () => {
    const read = (content: unknown) =>
      parseConfig({ TRUSTED_DOCUMENTS_FILE: 'trusted.json', TRUSTED_DOCUMENTS_ONLY: 'on' }, () =>
        JSON.stringify(content),
      ).trustedDocuments;
    const documents = new Map([['abc', '{ __typename }']]);
    expect(read({ abc: '{ __typename }' })).toEqual({ documents, only: true });
    const manifest = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'abc', body: '{ __typename }' }],
    };
    expect(read(manifest)).toEqual({ documents, only: true });
    expect(parseConfig({}, noFiles).trustedDocuments).toEqual({ documents: new Map(), only: false });
  });

  it('refuses trusted documents that cannot be read, and nothing but trusted ones where there are none', () => {
    const given = { TRUSTED_DOCUMENTS_FILE: 'trusted.json' };
    expect(faultsOf(given)).toContain('TRUSTED_DOCUMENTS_FILE: trusted.json cannot be read as JSON');
    for (const content of ['[]', '{ "abc": 1 }', '{ "abc": "" }', '7', '{ "operations": [{ "id": "abc" }] }']) {
      expect(faultsOf(given, () => content)).toContain('TRUSTED_DOCUMENTS_FILE: trusted.json must be an object');
    }
    expect(faultsOf({ TRUSTED_DOCUMENTS_ONLY: 'on' })).toContain(
      'TRUSTED_DOCUMENTS_ONLY: needs TRUSTED_DOCUMENTS_FILE',
    );
  });

  it('knows how long an SCA lasts, by the bank’s entry, else by its country', () => {
    const bank = { name: 'A', baseUrl: 'https://a.example' };
    const banks = [
      { ...bank, id: 'bank_de', country: 'DE' },
      { ...bank, id: 'bank_gb', country: 'GB' },
      { ...bank, id: 'bank_own', country: 'GB', scaValidityDays: 30 },
    ];
    const config = parseConfig({ BANKS_FILE: 'b' }, () => JSON.stringify(banks));
    expect(config.banks?.map(({ scaValidityDays }) => scaValidityDays)).toEqual([180, 90, 30]);
  });

  it('reads certificates beside BANKS_FILE and names one that is missing', () => {
    const bank = { id: 'bank_a', name: 'A', country: 'DE', baseUrl: 'https://a.example' };
    const clientCertificate = { certificateFile: 'tpp.pem', privateKeyFile: 'gone.pem' };
    const faults = faultsOf({ BANKS_FILE: '/etc/banks.json' }, (path) => {
      if (path === '/etc/banks.json') return JSON.stringify([{ ...bank, clientCertificate }]);
      if (path === '/etc/tpp.pem') return 'PEM';
      throw new Error(`ENOENT: ${path}`);
    });
    expect(faults).toContain('ENOENT: /etc/gone.pem');
  });

  it('shows no secret when it is printed', () => {
    const config = parseConfig(
      { BOOTSTRAP_API_KEY: 'a-very-secret-key-of-mine', ENCRYPTION_KEY: key, MONGODB_URL: 'mongodb://me:pw@db/x' },
      noFiles,
    );
    const printed = JSON.stringify(config) + String(config.bootstrapApiKey);
    for (const secret of ['a-very-secret-key-of-mine', key, 'pw']) expect(printed).not.toContain(secret);
    expect(config.bootstrapApiKey?.reveal()).toBe('a-very-secret-key-of-mine');
  });
});
