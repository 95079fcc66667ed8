import { expect, it, onTestFinished } from 'vitest';
import type { BankPort } from '../../src/banking/bank-port.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import { createCyclePlan } from '../../src/sync/cycle-plan.ts';
import { createCyclePlanStore } from '../../src/sync/cycle-plan-store.ts';
import { createSynchronizationStatuses } from '../../src/sync/synchronization-status.ts';
import { createSynchronizationStatusStore } from '../../src/sync/synchronization-status-store.ts';
import { type BankReply, bankEntry, startFakeBank } from '../banking/fake-bank.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { findFreePort } from '../support/free-port.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';

/*
 * Every answer that the protocol knows, from the bank's HTTP reply through the adapter to what is stored, told and asked for
 * next: the message codes of NextGenPSD2 for account information, and what follows from each.
 */

type Answer = BankReply | 'no connection' | 'no answer';

/** To which call of a synchronization the bank answers so; to the ones before it gives what was asked for. */
type Call = 'accounts' | 'balances' | 'transactions';

const granted: Record<Call, BankReply> = {
  accounts: { body: { accounts: [{ resourceId: 'r1', currency: 'EUR' }] } },
  balances: { body: { balances: [] } },
  transactions: { body: { transactions: { booked: [] } } },
};

const refusal = (status: number, code: string, headers = {}): [name: string, answer: Answer] => [
  `${status} ${code}`,
  { status, headers, body: { tppMessages: [{ category: 'ERROR', code }] } },
];
/** The other form of errors, which some banks use. */
const problem = (status: number, code: string, headers = {}): [name: string, answer: Answer] => [
  `${status} ${code} as problem+json`,
  {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: { type: 'https://bank.example/errors', title: 'Refused', code },
  },
];
/** Its list of further errors. */
const problems = (status: number, code: string): [name: string, answer: Answer] => [
  `${status} ${code} within problem+json`,
  {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'https://bank.example/errors', title: 'Refused', additionalErrors: [{ title: 'so', code }] },
  },
];
const bare = (status: number): [name: string, answer: Answer] => [String(status), { status }];

interface Consequence {
  status: string;
  consent: string;
  /** Type, and what it says of the reason. */
  event: string | null;
  /** Of the attempt: whether the cycle tries once more, or when an access is free again. */
  retry: 'none' | 'in this cycle' | string;
  errorCode: string | null;
  blockedBy: string | null;
  nextAction: string;
  /** Whether the operator is told. */
  alarm: boolean;
}

const endUser = { retry: 'none', nextAction: 'CREATE_SYNCHRONIZATION_SESSION', alarm: false } as const;
const operator = {
  consent: 'VALID',
  retry: 'none',
  blockedBy: 'BANK_UNAVAILABLE',
  nextAction: 'CONTACT_SUPPORT',
} as const;

const table: Array<[what: string, answers: Array<[name: string, answer: Answer]>, Consequence]> = [
  [
    'gives the data',
    [['200', { body: { accounts: [] } }]],
    {
      status: 'OK',
      consent: 'VALID',
      event: 'BANK_LOGIN_CONNECTED',
      retry: 'none',
      errorCode: null,
      blockedBy: null,
      nextAction: 'NONE',
      alarm: false,
    },
  ],
  [
    'says that the consent has expired',
    [
      refusal(401, 'CONSENT_EXPIRED'),
      refusal(403, 'CONSENT_EXPIRED'),
      problem(401, 'CONSENT_EXPIRED'),
      problems(401, 'CONSENT_EXPIRED'),
    ],
    {
      ...endUser,
      status: 'SCA_REQUIRED',
      consent: 'EXPIRED',
      event: 'CONSENT_EXPIRED,BANK_LOGIN_SCA_REQUIRED CONSENT_EXPIRED',
      errorCode: 'CONSENT_EXPIRED',
      blockedBy: 'CONSENT_EXPIRED',
    },
  ],
  [
    'does not know the consent any more',
    [
      refusal(401, 'CONSENT_INVALID'),
      refusal(401, 'TOKEN_UNKNOWN'),
      refusal(401, 'TOKEN_INVALID'),
      refusal(401, 'TOKEN_EXPIRED'),
      refusal(400, 'CONSENT_UNKNOWN'),
      refusal(403, 'CONSENT_UNKNOWN'),
      problem(403, 'CONSENT_UNKNOWN'),
      problems(400, 'CONSENT_UNKNOWN'),
    ],
    {
      ...endUser,
      status: 'SCA_REQUIRED',
      consent: 'TERMINATED',
      event: 'BANK_LOGIN_SCA_REQUIRED CONSENT_INVALID',
      errorCode: 'CONSENT_INVALID',
      blockedBy: 'CONSENT_MISSING',
    },
  ],
  [
    'refuses the credentials',
    [refusal(401, 'PSU_CREDENTIALS_INVALID'), problem(401, 'PSU_CREDENTIALS_INVALID')],
    {
      ...endUser,
      status: 'SCA_REQUIRED',
      consent: 'VALID',
      event: 'BANK_LOGIN_SCA_REQUIRED CREDENTIALS_INVALID',
      errorCode: 'CREDENTIALS_INVALID',
      blockedBy: 'SCA_REQUIRED',
    },
  ],
  [
    'has been asked often enough, until tomorrow',
    [
      refusal(429, 'ACCESS_EXCEEDED'),
      bare(429),
      problem(429, 'ACCESS_EXCEEDED'),
      refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': '1' }),
      refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': '7200' }),
      refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': 'Tue, 10 Mar 2026 09:00:00 GMT' }),
    ],
    {
      status: 'OK',
      consent: 'VALID',
      event: null,
      retry: '2026-03-11T00:00:00.000Z',
      errorCode: 'ACCESS_EXCEEDED',
      blockedBy: 'ACCESS_LIMIT',
      nextAction: 'WAIT',
      alarm: false,
    },
  ],
  [
    'has been asked often enough, and says until when tomorrow',
    [refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': '72000' })],
    {
      status: 'OK',
      consent: 'VALID',
      event: null,
      retry: '2026-03-11T07:00:00.000Z',
      errorCode: 'ACCESS_EXCEEDED',
      blockedBy: 'ACCESS_LIMIT',
      nextAction: 'WAIT',
      alarm: false,
    },
  ],
  [
    'has been asked often enough, and wants never to be asked again',
    [
      refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': '31536000' }),
      refusal(429, 'ACCESS_EXCEEDED', { 'retry-after': 'Wed, 10 Mar 2027 09:00:00 GMT' }),
    ],
    {
      status: 'OK',
      consent: 'VALID',
      event: null,
      retry: '2026-03-11T11:00:00.000Z',
      errorCode: 'ACCESS_EXCEEDED',
      blockedBy: 'ACCESS_LIMIT',
      nextAction: 'WAIT',
      alarm: false,
    },
  ],
  [
    'does not accept our certificate',
    [
      ...['INVALID', 'EXPIRED', 'BLOCKED', 'REVOKED', 'REVOKE', 'MISSING'].map((why) =>
        refusal(401, `CERTIFICATE_${why}`),
      ),
      problem(401, 'CERTIFICATE_EXPIRED'),
    ],
    { ...operator, status: 'OK', event: null, errorCode: 'CERTIFICATE_REJECTED', alarm: true },
  ],
  [
    'does not accept our signature',
    [refusal(401, 'SIGNATURE_INVALID'), refusal(401, 'SIGNATURE_MISSING'), problem(401, 'SIGNATURE_INVALID')],
    { ...operator, status: 'OK', event: null, errorCode: 'SIGNATURE_REJECTED', alarm: true },
  ],
  [
    'is in trouble',
    [
      bare(408),
      bare(500),
      bare(502),
      bare(503),
      bare(504),
      refusal(500, 'CONSENT_EXPIRED'),
      problem(503, 'SERVICE_UNAVAILABLE'),
      ['no connection', 'no connection'],
      ['no answer in time', 'no answer'],
    ],
    {
      status: 'SYNC_FAILED',
      consent: 'VALID',
      event: 'BANK_LOGIN_SYNCHRONIZATION_FAILED BANK_UNAVAILABLE',
      retry: 'in this cycle',
      errorCode: 'BANK_UNAVAILABLE',
      blockedBy: null,
      nextAction: 'WAIT',
      alarm: false,
    },
  ],
  [
    'refuses the request',
    [
      ...[
        'FORMAT_ERROR',
        'PARAMETER_NOT_CONSISTENT',
        'PARAMETER_NOT_SUPPORTED',
        'SERVICE_INVALID',
        'RESOURCE_UNKNOWN',
        'RESOURCE_EXPIRED',
        'RESOURCE_BLOCKED',
        'TIMESTAMP_INVALID',
        'PERIOD_INVALID',
        'SCA_METHOD_UNKNOWN',
        'SESSIONS_NOT_SUPPORTED',
      ].map((code) => refusal(400, code)),
      refusal(401, 'CORPORATE_ID_INVALID'),
      refusal(403, 'SERVICE_BLOCKED'),
      refusal(403, 'RESOURCE_UNKNOWN'),
      refusal(403, 'RESOURCE_EXPIRED'),
      refusal(404, 'RESOURCE_UNKNOWN'),
      refusal(405, 'SERVICE_INVALID'),
      refusal(406, 'REQUESTED_FORMATS_INVALID'),
      refusal(409, 'STATUS_INVALID'),
      problem(400, 'FORMAT_ERROR'),
      problem(403, 'SERVICE_BLOCKED'),
      bare(400),
      bare(415),
    ],
    {
      ...operator,
      status: 'SYNC_FAILED',
      event: 'BANK_LOGIN_SYNCHRONIZATION_FAILED REQUEST_REFUSED',
      errorCode: 'REQUEST_REFUSED',
      alarm: false,
    },
  ],
  [
    'says what nobody understands',
    [
      bare(302),
      ['no JSON', { raw: 'maintenance', headers: { 'content-type': 'text/html' } }],
      ['no accounts', { body: {} }],
    ],
    {
      ...operator,
      status: 'SYNC_FAILED',
      event: 'BANK_LOGIN_SYNCHRONIZATION_FAILED MALFORMED_REPLY',
      errorCode: 'MALFORMED_REPLY',
      alarm: false,
    },
  ],
];

async function createWorld() {
  let answer: Answer = { status: 500 };
  let answeredSo: Call = 'accounts';
  const fake = await startFakeBank(async ({ url }) => {
    const call = (['balances', 'transactions', 'accounts'] as const).find((name) => url.includes(`/${name}`));
    if (answer === 'no connection') return {};
    if (call && call !== answeredSo) return granted[call];
    return answer === 'no answer' ? await new Promise<never>(() => {}) : answer;
  });
  const clock = fixedClock();
  const open = (url: string, limits = {}) => {
    const opened = createBerlinGroupBank(bankEntry(url), { clock, limits });
    onTestFinished(async () => await opened.close());
    return opened;
  };
  const [bank, gone] = [open(fake.url), open(`http://127.0.0.1:${await findFreePort()}`)];
  const impatient = open(fake.url, { headersMs: 100, bodyMs: 100 });
  const others: Partial<Record<string, BankPort>> = { 'no connection': gone, 'no answer': impatient };
  const banks = { get: (): BankPort => (typeof answer === 'string' ? others[answer] : null) ?? bank };
  const world = await createSynchronizationWorld({ banks, clock });
  const { database, clientId, budget, encryption, log } = world;
  const statuses = createSynchronizationStatuses({
    clock,
    store: createSynchronizationStatusStore(database),
    budget,
    plan: createCyclePlan({ clock, store: createCyclePlanStore(database), laneCount: 1 }),
  });

  /** What becomes of a login of its own when the bank answers so. */
  return async (given: Answer, call: Call = 'accounts'): Promise<Consequence> => {
    [answer, answeredSo] = [given, call];
    const credentials = sealedCredentials(encryption, 'consent-1');
    const { loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), credentials });
    const alarmCount = () => log.lines.filter(({ level }) => level === 50).length;
    const alarmsBefore = alarmCount();
    const { signal } = new AbortController();
    const outcome = await world.synchronizeLogin({ loginId, trigger: 'SCHEDULER', psu: null, signal });
    const login = await database.prisma.bankLogin.findUniqueOrThrow({
      where: { id: loginId },
      include: { consents: true, lastAttempt: true },
    });
    const events = await database.prisma.event.findMany({
      where: { bankLoginId: loginId },
      orderBy: { position: 'asc' },
    });
    const [status] = await statuses.listStatus(clientId, [loginId]);
    const retryAt = outcome.kind === 'skipped' ? outcome.retryAt?.toISOString() : undefined;
    return {
      status: login.status,
      consent: login.consents.map((consent) => consent.status).join(),
      event: events.map(({ type, data }) => [type, ...toReason(data)].join(' ')).join() || null,
      retry: retryAt ?? (outcome.kind === 'failed' && outcome.retryable ? 'in this cycle' : 'none'),
      errorCode: login.lastAttempt?.errorCode ?? null,
      blockedBy: status?.blockedBy ?? null,
      nextAction: status?.nextAction ?? '',
      alarm: alarmCount() > alarmsBefore,
    };
  };
}

function toReason(data: unknown): string[] {
  const { reason, errorCode } = data as { reason?: string; errorCode?: string };
  return [reason ?? errorCode ?? []].flat();
}

it.each(table)('a bank that %s', async (_what, answers, consequence) => {
  const meet = await createWorld();
  const seen = [];
  for (const [name, answer] of answers) seen.push([name, await meet(answer)]);
  expect(seen).toEqual(answers.map(([name]) => [name, consequence]));
});

const failures = table.filter(([, , { errorCode }]) => errorCode !== null);
const [, , dataGiven] = table[0] ?? [];
/** Of these an account without balances follows, and no more: the transactions tell whether it is the consent. */
const ofBalancesAlone = /^(REQUEST_REFUSED|MALFORMED_REPLY|BANK_UNAVAILABLE|CONSENT_INVALID)$/;

// What concerns the login as a whole has the same consequences wherever in a synchronization the bank says it.
it.each([
  ...failures.map(([what, answers, consequence]) => [what, 'transactions', answers, consequence] as const),
  ...failures.map(([what, answers, consequence]) => {
    const isOfBalances = ofBalancesAlone.test(consequence.errorCode ?? '');
    return [what, 'balances', answers, isOfBalances ? dataGiven : consequence] as const;
  }),
  // A token is the whole consent's.
  ...failures
    .filter(([, , { errorCode }]) => errorCode === 'CONSENT_INVALID')
    .map(([what, answers, consequence]) => [`${what} (token)`, 'balances', answers.slice(1, 2), consequence] as const),
])('a bank that %s, when it is asked for the %s', async (_what, call, answers, consequence) => {
  const meet = await createWorld();
  const [name, answer] = answers.find(([, given]) => given !== 'no connection') ?? [];
  if (!name || !answer) throw new Error('no answer to give');
  expect([name, await meet(answer, call)]).toEqual([name, consequence]);
});
