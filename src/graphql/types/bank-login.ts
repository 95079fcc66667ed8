import { NotFound } from '../../domain/errors.ts';
import type { LoginFilter } from '../../sync/login-list-store.ts';
import type { LoginStatus } from '../../sync/synchronization-status.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readScannedConnection } from '../connections.ts';
import type { Context } from '../context.ts';
import { scanCost } from '../limits.ts';
import { defineNamedResult } from '../results.ts';
import { Consent } from './consent.ts';
import { DeletedPayload } from './deleted-payload.ts';
import {
  LoginSynchronizationStatus,
  SynchronizationBlock,
  SynchronizationStatus,
} from './login-synchronization-status.ts';

export const BankLogin = builder.prismaObject('BankLogin', {
  description: "A user's connection to one bank: a consent, and the accounts that it covers.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `login_`.' }),
    user: t.relation('user', { description: 'Whose login it is.' }),
    bank: t.relation('bank', { description: 'The bank.' }),
    consent: t.field({
      type: Consent,
      nullable: true,
      description: 'The newest consent that was granted. Null until the first consent has been granted.',
      select: (_args, _context, nestedSelection) => ({
        consents: nestedSelection({ where: { authorisedAt: { not: null } }, orderBy: { id: 'desc' }, take: 1 }),
      }),
      resolve: (login) => login.consents[0] ?? null,
    }),
    accounts: t.relation('accounts', {
      query: { orderBy: { id: 'asc' } },
      description: 'The accounts that the consent covers.',
    }),
    synchronizationStatus: t.field({
      type: LoginSynchronizationStatus,
      description: 'How fresh the data is, what stands in the way, and who has to act.',
      resolve: (login, _args, context) => getStatus(login.id, context),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the login was connected.' }),
  }),
});

async function getStatus(bankLoginId: string, { loaders }: Context): Promise<LoginStatus> {
  const status = await loaders.loginStatus.load(bankLoginId);
  if (!status) throw new NotFound('bank login', bankLoginId);
  return status;
}

builder.objectField(LoginSynchronizationStatus, 'bankLogin', (t) =>
  t.field({
    type: BankLogin,
    description: 'The login that this is about.',
    resolve: async ({ bankLoginId }, _args, { loaders }) => {
      const login = await loaders.bankLogin.load(bankLoginId);
      if (!login) throw new NotFound('bank login', bankLoginId);
      return login;
    },
  }),
);

builder.queryField('bankLogin', (t) =>
  t.field({
    type: BankLogin,
    nullable: true,
    description: 'One bank login of your users; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: "The bank login's id." }) },
    resolve: (_root, { id }, { loaders }) => loaders.bankLogin.load(id),
  }),
);

const BankLoginFilter = builder.inputType('BankLoginFilter', {
  description: 'Which bank logins: those that fulfil everything that is given.',
  fields: (t) => ({
    userId: t.id({ description: 'Of this user.' }),
    bankId: t.id({ description: 'At this bank.' }),
    status: t.field({ type: SynchronizationStatus, description: 'Whose last synchronization ended so.' }),
    blockedBy: t.field({ type: SynchronizationBlock, description: 'That will bring no fresh data for this reason.' }),
    consentExpiresBefore: t.field({ type: 'Date', description: 'Whose valid consent ends before this day.' }),
    notSynchronizedSince: t.field({ type: 'DateTime', description: 'Not synchronized since then, or never.' }),
  }),
});

const BankLoginConnection = builder.connectionObject(
  { type: BankLogin, name: 'BankLoginConnection', description: 'A page of bank logins.' },
  { name: 'BankLoginEdge', description: 'A bank login in a page.' },
);

builder.queryField('bankLogins', (t) =>
  t.field({
    type: BankLoginConnection,
    description: [
      'Your bank logins, oldest first. `blockedBy`, `consentExpiresBefore` and `notSynchronizedSince` look at some thousand',
      'logins for one page: it may be short, even empty, while `hasNextPage` says that more follow.',
    ].join('\n'),
    args: { filter: t.arg({ type: BankLoginFilter, description: 'Left out: all.' }), ...pageArguments },
    extensions: { argumentsCost: loginScanCost },
    resolve: (_root, { filter, ...args }, { services, viewer, loaders }) =>
      readScannedConnection(args, {
        ...cursorById,
        cursorOfKey: (id) => id,
        read: async (page) => {
          const { rows, scannedTo } = await services.synchronization.listLogins(
            viewer.clientId,
            toLoginFilter(filter),
            page,
          );
          const logins = await Promise.all(rows.map((id) => loaders.bankLogin.load(id)));
          return { rows: logins.filter((login) => login !== null), scannedTo };
        },
      }),
  }),
);

type FilterInput = typeof BankLoginFilter.$inferInput | null | undefined;

function toLoginFilter(filter: FilterInput): LoginFilter {
  return {
    userId: filter?.userId ?? null,
    bankId: filter?.bankId ?? null,
    status: filter?.status ?? null,
    blockedBy: filter?.blockedBy ?? null,
    consentExpiresBefore: filter?.consentExpiresBefore ?? null,
    notSynchronizedSince: filter?.notSynchronizedSince ?? null,
  };
}

function loginScanCost({ filter }: { filter?: FilterInput }): number {
  const { blockedBy, consentExpiresBefore, notSynchronizedSince } = toLoginFilter(filter);
  return (blockedBy ?? consentExpiresBefore ?? notSynchronizedSince) ? scanCost : 0;
}

const DeleteBankLoginResult = defineNamedResult('DeleteBankLoginResult', DeletedPayload, ['NotFoundError']);

builder.mutationField('deleteBankLogin', (t) =>
  t.field({
    type: DeleteBankLoginResult.ref,
    description: 'Erases the login and its data, and ends the consent at the bank.',
    args: { id: t.arg.id({ required: true, description: "The bank login's id." }) },
    resolve: (_root, { id }, { services, viewer }) =>
      DeleteBankLoginResult.from(async () => {
        await services.erasure.deleteBankLogin(viewer.clientId, id);
        return { id };
      }),
  }),
);
