/**
 * A promise that could not be kept, told so that its reader can act on it. `code` is contract: documented, tested, never
 * reworded. Messages never carry secrets, IBANs or payloads.
 */
export class AppError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

export interface FieldFault {
  /** Where in the input: `input.returnUrl`, `input.headers.0.name`. */
  path: string;
  message: string;
}

/** The input cannot be accepted; every faulty field is named at once, and nothing has changed. */
export class InvalidInput extends AppError {
  readonly fields: readonly FieldFault[];
  constructor(fields: readonly FieldFault[]) {
    super('INVALID_INPUT', fields.map((fault) => `${fault.path}: ${fault.message}`).join('; '));
    this.fields = fields;
  }
}

/** No such thing, or not the caller's: the two are not told apart. */
export class NotFound extends AppError {
  constructor(what: string, id: string) {
    super('NOT_FOUND', `There is no ${what} ${id}.`);
  }
}

/** The request does not fit the object's present state. */
export class Conflict extends AppError {}

/** An allowance is used up until `retryAt`. */
export class LimitReached extends AppError {
  readonly retryAt: Date;
  constructor(code: string, message: string, retryAt: Date) {
    super(code, message, { details: { retryAt } });
    this.retryAt = retryAt;
  }
}

/** A store that we need does not answer. */
export class Unavailable extends AppError {}

/** A setting or the machine is not as it must be to start: shown to the operator without a stack, exit code 1. */
export class StartupError extends AppError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('STARTUP', message, options);
  }
}
