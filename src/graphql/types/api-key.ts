import { builder } from '../builder.ts';

export const ApiKeyScope = builder.enumType('ApiKeyScope', {
  description: 'What a key may be used for.',
  values: {
    CLIENT: { description: "The client's own users, bank data, events and endpoints: to read and to change." },
    CLIENT_READ: {
      description: 'What `CLIENT` may read, but for links that end users are sent to; it changes nothing.',
    },
    OPERATOR: {
      description: "The operator's mutations (clients, keys, extra cycles) and the whole audit log; no bank data.",
    },
  } as const,
});

export const ApiKey = builder.prismaObject('ApiKey', {
  description: 'The key itself is shown once, when it is made; only its hash is kept.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `key_`.' }),
    name: t.exposeString('name', { description: 'What the key is called.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the key, to recognise it by.' }),
    scopes: t.expose('scopes', { type: [ApiKeyScope], description: 'What the key may be used for.' }),
    allowedNetworks: t.exposeStringList('allowedNetworks', {
      description: 'Whence the key may be used, in CIDR notation; empty: from anywhere.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key ceases to work; null: never.',
    }),
    retiresAt: t.expose('retiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key ceases to work since it was rotated; null: it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was last used, to the minute or so; null: never.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was created.' }),
  }),
});
