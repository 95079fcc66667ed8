import type { StatementFormat } from '../../domain/bank-entry.ts';
import { BankFailure } from '../bank-failure.ts';
import type { BankLearnings } from '../bank-learnings.ts';
import type { AskForData, DataQuestion } from './account-reading.ts';
import type { ConsentAccess } from './consent-access.ts';
import type { Xs2aReply } from './xs2a-client.ts';

const mediaTypes: Readonly<Record<StatementFormat, readonly string[]>> = {
  json: ['application/json'],
  camt: ['application/xml', 'text/xml'],
  mt940: ['text/plain'],
};

const fact = 'transaction-format';
/** All at once, the first preferred. */
const all = 'all';

/**
 * Asks for transactions in the formats of the bank's entry: all of them at once, and where the bank takes no such header (406), one by one.
 * What it took is remembered.
 */
export function createFormatNegotiation(
  formats: readonly StatementFormat[],
  { learnt, ask }: { learnt: BankLearnings; ask: AskForData },
) {
  const names = formats.length > 1 ? [all, ...formats] : [...formats];

  return {
    async ask(question: DataQuestion, access: ConsentAccess): Promise<Xs2aReply<null>> {
      const known = await learnt.get(fact);
      const [first = all, ...rest] = known !== null && names.includes(known) ? moveToFront(names, known) : names;
      try {
        return await ask({ ...question, accept: toAccept(first, formats) }, access);
      } catch (error) {
        if (!isRefusedFormat(error)) throw error;
        return await tryInTurn(rest, { question, access, refusal: error });
      }
    },
  };

  async function tryInTurn(
    left: readonly string[],
    given: { question: DataQuestion; access: ConsentAccess; refusal: unknown },
  ): Promise<Xs2aReply<null>> {
    let refusal = given.refusal;
    for (const name of left) {
      try {
        const reply = await ask({ ...given.question, accept: toAccept(name, formats) }, given.access);
        await learnt.put(fact, name);
        return reply;
      } catch (error) {
        if (!isRefusedFormat(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }
}

function moveToFront(names: readonly string[], first: string): string[] {
  return [first, ...names.filter((name) => name !== first)];
}

function toAccept(name: string, formats: readonly StatementFormat[]): string {
  const offered = name === all ? formats : formats.filter((format) => format === name);
  const types = offered.flatMap((format) => mediaTypes[format]);
  return types.map((type, index) => (index === 0 ? type : `${type};q=0.${9 - index}`)).join(', ');
}

function isRefusedFormat(error: unknown): boolean {
  if (!(error instanceof BankFailure)) return false;
  return error.details.httpStatus === 406 || error.details.messageCode === 'REQUESTED_FORMATS_INVALID';
}
