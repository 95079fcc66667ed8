import { type BankEntry, type BankOAuth, plainHabits, type ScaApproach } from '../../src/domain/bank-entry.ts';

const approaches: ScaApproach[] = ['redirect', 'decoupled', 'embedded'];
const starts = ['implicit', 'explicit'] as const;
const models = ['global', 'bank-offered', 'by-iban'] as const;
const oauths = ['none', 'oauth-sca', 'oauth-before', 'oauth-instead'] as const;
const identities = ['', 'psu-id'] as const;

/** A bank of the sandbox, made to measure: `words` follow `with.` in its address. */
export interface BankHabitsCase {
  approach: ScaApproach;
  words: string[];
  oauth: BankOAuth | null;
}

const whens = { 'oauth-sca': 'sca', 'oauth-before': 'before-consent', 'oauth-instead': 'instead' } as const;

/** Every combination that a bank of the protocol can have. */
export function listCases(): BankHabitsCase[] {
  return oauths.flatMap((kind) =>
    approaches.flatMap((approach) =>
      starts.flatMap((start) =>
        models.flatMap((model) =>
          identities.flatMap((identity) => {
            // With OAuth for the SCA, or instead of a consent, there is no approach and no start; without a consent no model either.
            const isSame = kind === 'oauth-instead' ? model !== 'global' || identity !== '' : false;
            const hasNoStart = kind === 'oauth-sca' || kind === 'oauth-instead';
            if (isSame || (hasNoStart && (approach !== 'redirect' || start !== 'implicit'))) return [];
            const words = [approach, start, model, identity, kind === 'none' ? '' : kind].filter((word) => word !== '');
            return [{ approach, words, oauth: kind === 'none' ? null : toOAuth(whens[kind]) }];
          }),
        ),
      ),
    ),
  );
}

function toOAuth(when: BankOAuth['when']): BankOAuth {
  const scope = when === 'sca' ? null : 'accounts';
  return {
    clientId: 'PSDDE-1',
    clientSecret: null,
    scope,
    metadataUrl: null,
    authorizationEndpoint: null,
    tokenEndpoint: null,
    when,
  };
}

/** That bank as BANKS_FILE would list it, as `bank_test`. */
export function toHabitsEntry({ approach, words, oauth }: BankHabitsCase, sandboxUrl: string): BankEntry {
  const baseUrl = `${sandboxUrl}/with.${words.join('.')}`;
  const metadataUrl = oauth?.when === 'sca' ? null : `${baseUrl}/.well-known/oauth-authorization-server`;
  return {
    id: 'bank_test',
    name: words.join(' '),
    bic: null,
    bankCode: null,
    country: 'DE',
    baseUrl,
    preferredApproach: approach,
    scaValidityDays: 180,
    ownIpAddress: '127.0.0.1',
    clientCertificate: null,
    signingCertificate: null,
    certificateAuthority: null,
    ...plainHabits,
    oauth: oauth && { ...oauth, metadataUrl },
  };
}
