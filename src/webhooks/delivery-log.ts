import type { Logger } from 'pino';

/** Where this room reports to: ids and states, never addresses' secrets nor payloads. */
export type DeliveryLog = Pick<Logger, 'info' | 'warn' | 'error'>;
