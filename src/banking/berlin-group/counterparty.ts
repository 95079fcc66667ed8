import type { AccountIdentification } from '../../domain/field-table.ts';
import type { Money } from '../../domain/money.ts';
import type { TransactionValues } from '../../domain/transaction-fields.ts';
import { toBic, toIdentification, toNamedText } from './json-values.ts';
import type { FieldTaker } from './other-fields.ts';

interface Side {
  name: string | null;
  account: AccountIdentification | null;
  bic: string | null;
  ultimateName: string | null;
}

export type Counterparty = Pick<
  TransactionValues,
  'counterpartyName' | 'counterpartyIban' | 'counterpartyAccount' | 'counterpartyBic' | 'ultimateCounterpartyName'
>;

/** Banks fill in both sides, the account's owner among them: the sign tells who the other one is, and the account's own IBAN who is not. */
export function toCounterparty(fields: FieldTaker, amount: Money, own: { iban: string | null }): Counterparty {
  const isDebit = amount.amount.startsWith('-');
  const [expected, opposite]: readonly [SideName, SideName] = isDebit ? ['creditor', 'debtor'] : ['debtor', 'creditor'];
  const given = { creditor: readSide(fields.look, 'creditor'), debtor: readSide(fields.look, 'debtor') };
  const other = isOther(given[expected], given[opposite], own.iban) ? expected : opposite;
  const { name, account, bic, ultimateName } = readSide(fields.take, other);
  // The owner is known; on whose behalf the owner acts is not.
  const owner = other === 'creditor' ? 'debtor' : 'creditor';
  if (own.iban !== null && given[owner].account?.iban === own.iban) readAgent(fields.take, owner);
  return {
    counterpartyName: name ?? ultimateName ?? takeMerchantName(fields.take),
    counterpartyIban: account?.iban ?? null,
    counterpartyAccount: account,
    counterpartyBic: bic,
    ultimateCounterpartyName: ultimateName,
  };
}

function isOther(expected: Side, opposite: Side, ownIban: string | null): boolean {
  if (ownIban === null || opposite.account?.iban === ownIban) return true;
  // The expected side is the account's owner, or nobody, and the other one has an account that is not the owner's.
  const isOwner = expected.account?.iban === ownIban;
  const isNobody = expected.name === null && expected.account === null && expected.ultimateName === null;
  return !(isOwner || (isNobody && opposite.account !== null));
}

type SideName = 'creditor' | 'debtor';

function readSide(read: FieldTaker['take'], side: SideName): Side {
  const ultimate = side === 'creditor' ? 'ultimateCreditor' : 'ultimateDebtor';
  return { ...readAgent(read, side), ultimateName: read(toName, ultimate, `${ultimate}Name`) };
}

function readAgent(read: FieldTaker['take'], side: SideName): Omit<Side, 'ultimateName'> {
  return {
    name: read(toName, `${side}Name`, side),
    account: read(toIdentification, `${side}Account`),
    bic: read(toBic, `${side}Agent`, `${side}AgentBic`, `${side}Bic`),
  };
}

function toName(value: unknown): string | null {
  return toNamedText(value, 'name', 'content');
}

/** Card transactions name no debtor or creditor: the counterparty is the card acceptor. */
function takeMerchantName(read: FieldTaker['take']): string | null {
  return read(toName, 'cardAcceptorName', 'merchantName', 'merchant', 'counterpartyName');
}
