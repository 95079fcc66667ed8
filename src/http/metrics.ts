import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus reads at /metrics. One registry per app: rooms register their own gauges with it. */
export interface Metrics {
  readonly registry: Registry;
  requestFinished(request: { route: string; method: string; status: number; seconds: number }): void;
  operationFinished(operation: { kind: string; outcome: 'ok' | 'error'; seconds: number }): void;
  socketOpened(): void;
  socketClosed(): void;
  slowConsumerCutOff(): void;
  /** Of what a bank gave, or was asked for, so much could not be read. */
  bankDataLeftOut(leftOut: { bankId: string; what: string; count: number }): void;
  print(): Promise<{ contentType: string; text: string }>;
}

const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'tidewater_http_request_duration_seconds',
    help: 'HTTP requests by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: seconds,
    registers: [registry],
  });
  const operations = new Histogram({
    name: 'tidewater_graphql_operation_duration_seconds',
    help: 'GraphQL operations by kind and outcome; of a subscription, the time until it was accepted.',
    labelNames: ['kind', 'outcome'],
    buckets: seconds,
    registers: [registry],
  });
  const sockets = new Gauge({
    name: 'tidewater_websockets_open',
    help: 'WebSockets that are open.',
    registers: [registry],
  });
  const socketsTotal = new Counter({
    name: 'tidewater_websockets_opened_total',
    help: 'WebSockets that have been opened.',
    registers: [registry],
  });
  const cutOffs = new Counter({
    name: 'tidewater_slow_consumers_total',
    help: 'WebSockets and event streams that were cut off because their reader took nothing.',
    registers: [registry],
  });
  const leftOut = new Counter({
    name: 'tidewater_bank_data_left_out_total',
    help: 'What could not be read of what banks gave, by bank: accounts, balances, rows; and calls that failed without failing the login.',
    labelNames: ['bank', 'what'],
    registers: [registry],
  });
  return {
    registry,
    requestFinished: ({ route, method, status, seconds }) =>
      requests.labels(route, knownMethods.has(method) ? method : 'other', String(status)).observe(seconds),
    operationFinished: ({ kind, outcome, seconds }) => operations.labels(kind, outcome).observe(seconds),
    socketOpened: () => {
      sockets.inc();
      socketsTotal.inc();
    },
    socketClosed: () => sockets.dec(),
    slowConsumerCutOff: () => cutOffs.inc(),
    bankDataLeftOut: ({ bankId, what, count }) => leftOut.labels(bankId, what).inc(count),
    print: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

// A label must not take whatever a caller invents.
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
