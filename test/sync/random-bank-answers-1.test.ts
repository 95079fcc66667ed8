import { it } from 'vitest';
import { goThroughHalfOfTheLives, limitMs } from './random-bank-answers.ts';

it(
  'whatever a bank answers in whatever order: no transaction twice or lost, no access too many, no two valid consents (the first half)',
  () => goThroughHalfOfTheLives(1),
  limitMs,
);
