import { isIPv4 } from 'node:net';
import { type BankRequest, BareRefusal, Refusal } from './exchange.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** RFC 9110, 5.6.7: the one form that may be sent. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const preferences = ['TPP-Redirect-Preferred', 'TPP-Decoupled-Preferred', 'TPP-Explicit-Authorisation-Preferred'];

/** What the headers of every request to the interface have in common. Refuses those that do not have it. */
export function checkHeaders(request: BankRequest): void {
  if (!uuid.test(request.header('x-request-id') ?? '')) {
    throw new Refusal(400, 'FORMAT_ERROR', 'X-Request-ID is missing or no UUID.');
  }
  const date = request.header('date');
  // Date.parse takes the 30th of February for the 2nd of March; written again it is another text.
  if (date !== null && (!httpDate.test(date) || new Date(date).toUTCString() !== date)) {
    throw new Refusal(400, 'FORMAT_ERROR', 'Date is no date of HTTP.');
  }
  const address = request.header('psu-ip-address');
  if (address !== null && !isIPv4(address)) {
    throw new Refusal(400, 'FORMAT_ERROR', 'PSU-IP-Address is no IPv4 address.');
  }
  for (const name of preferences) {
    if (!['true', 'false', null].includes(request.header(name))) {
      throw new Refusal(400, 'FORMAT_ERROR', `${name} is neither true nor false.`);
    }
  }
  checkFormats(request);
  checkSigningHeaders(request);
}

/** Refuses a request whose `Accept` has none of these media types. */
export function checkAccepted(request: BankRequest, types: readonly string[]): void {
  const accepted = (request.header('accept') ?? '*/*').toLowerCase().split(',');
  const names = accepted.map((part) => part.split(';')[0]?.trim() ?? '');
  const matches = types.some((type) => names.some((name) => [type, type.replace(/\/.*/, '/*'), '*/*'].includes(name)));
  if (!matches) throw new Refusal(406, 'REQUESTED_FORMATS_INVALID', `Replies are ${types.join(' or ')}.`);
}

function checkFormats(request: BankRequest): void {
  // In which format the bank gives transactions depends on the end user.
  if (!request.url.pathname.endsWith('/transactions')) checkAccepted(request, ['application/json']);
  const isJson = /^application\/json\s*(;|$)/i.test(request.header('content-type') ?? '');
  if (request.body !== '' && !isJson) throw new BareRefusal(415, 'Requests are JSON.');
}

/** Whether or not signatures are looked at: the three are sent together, or none of them. */
function checkSigningHeaders(request: BankRequest): void {
  const [digest, signature, certificate] = ['digest', 'signature', 'tpp-signature-certificate'].map(request.header);
  if (!digest && !signature && !certificate) return;
  if (!digest || !signature) throw new Refusal(401, 'SIGNATURE_MISSING', 'Digest or Signature is missing.');
  if (!certificate) throw new Refusal(401, 'CERTIFICATE_MISSING', 'TPP-Signature-Certificate is missing.');
}
