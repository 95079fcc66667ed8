import { NotFound } from '../../domain/errors.ts';
import type { LoginStatus } from '../../sync/synchronization-status.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { defineNamedResult } from '../results.ts';
import { Consent } from './consent.ts';
import { DeletedPayload } from './deleted-payload.ts';
import { LoginSynchronizationStatus } from './login-synchronization-status.ts';

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
