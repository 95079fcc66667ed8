import { builder } from '../builder.ts';

const ConsentStatus = builder.enumType('ConsentStatus', {
  description: "Where a consent stands: the Berlin Group's words, and one of ours.",
  values: {
    RECEIVED: { description: 'Created at the bank; the end user has not authorised it yet.' },
    PARTIALLY_AUTHORISED: { description: 'One of several end users has authorised it.' },
    VALID: { description: 'Authorised: data can be read.' },
    REJECTED: { description: 'The end user or the bank refused it.' },
    EXPIRED: { description: 'Its last day has passed.' },
    REVOKED_BY_PSU: { description: 'The end user ended it at the bank.' },
    TERMINATED: { description: 'We ended it at the bank, or the bank does not say what has become of it.' },
    SUPERSEDED: { description: 'A newer consent for the same login has taken its place.' },
  } as const,
});

export const Consent = builder.prismaObject('Consent', {
  description: "The end user's permission, given at the bank, to read accounts, balances and transactions.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: "Begins with `con_`. It is not the bank's own consent id." }),
    status: t.expose('status', { type: ConsentStatus, description: 'Where the consent stands.' }),
    recurring: t.exposeBoolean('recurring', {
      description: 'Allows access without the end user; a one-off consent does not.',
    }),
    validUntil: t.expose('validUntil', { type: 'Date', description: 'Its last day.' }),
    frequencyPerDay: t.exposeInt('frequencyPerDay', {
      description: 'Accesses without the end user that the bank allows in 24 hours.',
    }),
    authorisedAt: t.expose('authorisedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the end user last completed SCA at the bank.',
    }),
  }),
});
