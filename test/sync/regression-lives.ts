import { plainly } from './changing-bank.ts';
import type { Life } from './random-lives.ts';

const plainLife: Life = {
  beginsAt: 0,
  frequencyPerDay: 4,
  amountsChange: false,
  habit: 'always',
  traits: [],
  written: null,
  accountCount: 1,
  steps: [],
};

/** Lives that went wrong once, as small as they could be made; every run goes through them. */
export const regressionLives: readonly Life[] = [
  // Of two renewals at one moment the bank ends the one that was granted first before the other is granted.
  {
    ...plainLife,
    steps: [
      {
        waitMinutes: 0,
        changes: [],
        action: {
          kind: 'renews',
          outcome: 'valid',
          times: 'twice, the second first',
          terms: { frequencyPerDay: 4, newIds: false },
          manner: { ...plainly, fails: { atCall: 1, code: 'CONSENT_INVALID' } },
        },
      },
    ],
  },
];
