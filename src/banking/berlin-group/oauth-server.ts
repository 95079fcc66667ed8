import * as oauth from 'oauth4webapi';
import { fetch } from 'undici';
import type { BankEntry, BankOAuth } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import { type ConnectionLimits, openBankAgent } from './bank-connection.ts';
import type { AuthorisationServer, Tokens, Work } from './credentials.ts';
import { toOAuthFailure } from './oauth-failure.ts';

/** The bank's authorisation server (RFC 6749, 7636, 8414, 8705, 9207), as the entry and the bank's links lead to it. */
export interface OAuthServer {
  /**
   * Where the end user's browser is sent to, and the state that it comes back with: one of its own, since the redirect of a consent may
   * follow. `link`: the bank's `scaOAuth`, an absolute address; null where there is no consent yet.
   */
  begin(
    work: Work,
    given: { link: string | null; signal?: AbortSignal | undefined },
  ): Promise<{ url: string; state: string }>;
  /** Gets the tokens for the code in the callback's query. False when the end user, or the server, has said no. */
  exchange(work: Work, given: { parameters: URLSearchParams; signal?: AbortSignal | undefined }): Promise<boolean>;
  /** Stores new tokens before they are used. A server that knows the refresh token no more: BankFailure CONSENT_INVALID, for good. */
  refresh(work: Work): Promise<void>;
  /** Where the server has an endpoint for it. */
  revoke(held: Work['held'], signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface OAuthServerDeps {
  clock: Clock;
  limits: ConnectionLimits;
}

/** The holder of a lease on credentials must be done within it. */
const callMs = 15_000;

export function createOAuthServer(entry: BankEntry, { clock, limits }: OAuthServerDeps): OAuthServer {
  const agent = openBankAgent(entry, { ...limits, responseBytes: 1024 * 1024 });
  const mayBePlain = entry.baseUrl.startsWith('http:');

  const options = (signal?: AbortSignal | null) => ({
    // The sandbox bank speaks plain HTTP; a bank with TLS has it everywhere.
    [oauth.allowInsecureRequests]: mayBePlain,
    [oauth.customFetch]: send,
    signal: AbortSignal.any([AbortSignal.timeout(callMs), ...(signal ? [signal] : [])]),
  });

  async function send(url: string, init: oauth.CustomFetchOptions<string, BodyInit | null | undefined>) {
    const { method, headers, body, redirect, signal } = init;
    const sent = { method, headers, body: body as string | null, redirect, signal: signal ?? null, dispatcher: agent };
    return (await fetch(url, sent)) as unknown as Response;
  }

  function settings(): BankOAuth {
    if (entry.oauth) return entry.oauth;
    const message = `${entry.id} wants OAuth: name our registration there as oauth in the bank's entry.`;
    throw new BankFailure('REQUEST_REFUSED', message, { details: { bankId: entry.id, httpStatus: null } });
  }

  function clientOf({ clientId }: BankOAuth): oauth.Client {
    return { client_id: clientId, use_mtls_endpoint_aliases: entry.clientCertificate !== null };
  }

  function authenticationOf({ clientSecret }: BankOAuth, server: AuthorisationServer): oauth.ClientAuth {
    if (clientSecret === null) return entry.clientCertificate ? oauth.TlsClientAuth() : oauth.None();
    const isPosted = server.clientAuthentication === 'client_secret_post';
    return isPosted ? oauth.ClientSecretPost(clientSecret.reveal()) : toBasic(clientSecret.reveal());
  }

  async function calling<T>(operation: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toOAuthFailure(error, { bankId: entry.id, operation }, entry.clientCertificate !== null);
    }
  }

  async function findServer(link: string | null, signal?: AbortSignal): Promise<AuthorisationServer> {
    const { authorizationEndpoint, tokenEndpoint, metadataUrl } = settings();
    if (authorizationEndpoint && tokenEndpoint) return toServer({ authorizationEndpoint, tokenEndpoint });
    const url = metadataUrl ?? link;
    if (!url)
      throw new BankFailure('REQUEST_REFUSED', `${entry.id}: nothing leads to the bank's authorisation server.`);
    return await calling('read the metadata of the authorisation server', async () => {
      const response = await send(url, {
        method: 'GET',
        headers: { accept: 'application/json' },
        redirect: 'manual',
        body: null,
        ...options(signal),
      });
      if (response.status >= 500) throw new oauth.OperationProcessingError('the server is down', { cause: response });
      const metadata = (await response.json().catch(() => ({}))) as Partial<oauth.AuthorizationServer>;
      return fromMetadata(metadata, url, entry);
    });
  }

  function toTokens(reply: oauth.TokenEndpointResponse, before: Tokens | null): Tokens {
    const lifetimeMs = (reply.expires_in ?? 0) * 1_000;
    return {
      access: reply.access_token,
      refresh: reply.refresh_token ?? before?.refresh ?? null,
      expiresAt: reply.expires_in === undefined ? null : clock.now().getTime() + lifetimeMs,
      lifetimeMs,
    };
  }

  return {
    async begin(work, { link, signal }) {
      const { clientId, scope } = settings();
      const { terms, consentId } = work.held;
      if (!terms) throw new BankFailure('CONSENT_INVALID', 'The consent was begun too long ago.');
      const server = await findServer(link, signal);
      const [codeVerifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
      await work.save({ server, codeVerifier, codeState: state });
      const url = new URL(server.authorizationEndpoint);
      const wanted = (scope ?? 'AIS:{consentId}').replaceAll('{consentId}', consentId ?? '');
      for (const [name, value] of Object.entries({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: terms.callbackUrl,
        scope: wanted,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      })) {
        url.searchParams.set(name, value);
      }
      return { url: url.href, state };
    },

    async exchange(work, { parameters, signal }) {
      const { server, codeVerifier, codeState, terms } = work.held;
      if (!server || !codeVerifier || !terms) throw new BankFailure('CONSENT_INVALID', 'No authorisation waits.');
      const own = settings();
      const [as, client] = [toMetadata(server), clientOf(own)];
      return await calling('exchange a code for tokens', async () => {
        let checked: URLSearchParams;
        try {
          checked = oauth.validateAuthResponse(as, client, parameters, codeState ?? terms.state);
        } catch (error) {
          // The end user has refused, or the callback carries another session's answer.
          if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.OperationProcessingError) {
            return false;
          }
          throw error;
        }
        // The state alone says nothing of who comes back: also who cancels at the bank has seen it.
        if (!checked.get('code')) return false;
        // A code is good once: whatever comes of it, it is not tried again.
        await work.save({ codeVerifier: null, codeState: null });
        const authentication = authenticationOf(own, server);
        const { callbackUrl } = terms;
        const response = await oauth.authorizationCodeGrantRequest(
          as,
          client,
          authentication,
          checked,
          callbackUrl,
          codeVerifier,
          options(signal),
        );
        const reply = await oauth.processAuthorizationCodeResponse(as, client, response);
        await work.save({ tokens: toTokens(reply, null) });
        return true;
      });
    },

    async refresh(work) {
      const { server, tokens } = work.held;
      if (!server || !tokens?.refresh) throw new BankFailure('CONSENT_EXPIRED', 'There is no token to renew with.');
      const own = settings();
      const [as, client, before] = [toMetadata(server), clientOf(own), tokens.refresh];
      try {
        await calling('renew a token', async () => {
          const authentication = authenticationOf(own, server);
          const response = await oauth.refreshTokenGrantRequest(as, client, authentication, before, options());
          const reply = await oauth.processRefreshTokenResponse(as, client, response);
          await work.save({ tokens: toTokens(reply, tokens) });
        });
      } catch (error) {
        const isLost = error instanceof BankFailure && error.details.oauthError === 'invalid_grant';
        if (isLost) await work.save({ tokens: null, tokensLost: true });
        throw error;
      }
    },

    async revoke({ server, tokens }, signal) {
      if (!server?.revocationEndpoint || !tokens) return;
      const own = settings();
      await calling('revoke tokens', async () => {
        const token = tokens.refresh ?? tokens.access;
        const authentication = authenticationOf(own, server);
        const [as, client] = [toMetadata(server), clientOf(own)];
        const response = await oauth.revocationRequest(as, client, authentication, token, options(signal));
        await oauth.processRevocationResponse(response);
      });
    },

    close: async () => await agent.close(),
  };
}

/**
 * RFC 6749, 2.3.1, with no more escaped than has to be. The library escapes the hyphens of `PSDDE-BAFIN-…`, which is right, and which
 * servers that take the header as it is do not know for the same client.
 */
function toBasic(secret: string): oauth.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const pair = `${encodeURIComponent(client_id)}:${encodeURIComponent(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

function toServer(given: { authorizationEndpoint: string; tokenEndpoint: string }): AuthorisationServer {
  return {
    ...given,
    issuer: new URL(given.tokenEndpoint).origin,
    revocationEndpoint: null,
    namesIssuer: false,
    clientAuthentication: 'client_secret_basic',
  };
}

/** A server that calls itself by another's name is not used (RFC 8414, 3.3): metadata of one origin speak for that origin. */
function fromMetadata(
  metadata: Partial<oauth.AuthorizationServer>,
  url: string,
  entry: BankEntry,
): AuthorisationServer {
  const { issuer, authorization_endpoint: authorizationEndpoint, mtls_endpoint_aliases: aliases } = metadata;
  const isMutual = entry.clientCertificate !== null;
  const tokenEndpoint = (isMutual && aliases?.token_endpoint) || metadata.token_endpoint;
  const revocationEndpoint = (isMutual && aliases?.revocation_endpoint) || metadata.revocation_endpoint;
  const addresses = [issuer, authorizationEndpoint, tokenEndpoint, revocationEndpoint ?? tokenEndpoint];
  const protocols = entry.baseUrl.startsWith('http:') ? ['https:', 'http:'] : ['https:'];
  const areUsable = addresses.every((each) => {
    return typeof each === 'string' && URL.canParse(each) && protocols.includes(new URL(each).protocol);
  });
  if (
    !issuer ||
    !authorizationEndpoint ||
    !tokenEndpoint ||
    !areUsable ||
    new URL(issuer).origin !== new URL(url).origin
  ) {
    throw new oauth.OperationProcessingError('the metadata name no usable endpoints, or another issuer');
  }
  const methods = metadata.token_endpoint_auth_methods_supported ?? [];
  const isPosted = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
  return {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    revocationEndpoint: revocationEndpoint ?? null,
    namesIssuer: metadata.authorization_response_iss_parameter_supported === true,
    clientAuthentication: isPosted ? 'client_secret_post' : 'client_secret_basic',
  };
}

function toMetadata(server: AuthorisationServer): oauth.AuthorizationServer {
  return {
    issuer: server.issuer,
    authorization_endpoint: server.authorizationEndpoint,
    token_endpoint: server.tokenEndpoint,
    authorization_response_iss_parameter_supported: server.namesIssuer,
    ...(server.revocationEndpoint && { revocation_endpoint: server.revocationEndpoint }),
  };
}
