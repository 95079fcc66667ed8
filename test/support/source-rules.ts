import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** What a room of src may import. Rooms are named by their folder; `main.ts` and `app.ts` are rooms of one file. */
export interface RoomRule {
  mayImport: readonly string[];
  /** Rooms of which only types may be imported. */
  mayImportTypes?: readonly string[];
}

export interface HouseRules {
  rooms: Readonly<Record<string, RoomRule>>;
  /** Generated code: who may import more of it than types and enums; its own shape is not looked at. */
  generated: { room: string; mayBeImportedBy: (path: string) => boolean };
  /** Rooms with one door: others may import only this file, and only from these rooms. */
  doors: Readonly<Record<string, { file: string; from: readonly string[] }>>;
  mayQuery: (path: string) => boolean;
  mayReadEnvironment: (path: string) => boolean;
  /** As on the Prisma client: `bankLogin`, `event`, … */
  models: ReadonlySet<string>;
}

const forbiddenNames = new Set(
  'utils util helpers helper common shared lib misc types manager base core index'.split(' '),
);
const allowedFolders = new Set(['src/graphql/types']);
const maxLines = 300;
const rawQueries = new Set(['$queryRaw', '$queryRawUnsafe', '$executeRaw', '$executeRawUnsafe', 'query']);
const modelQueries =
  /^(find(Unique|First)(OrThrow)?|findMany|create|createMany(AndReturn)?|update|updateMany(AndReturn)?|upsert|delete|deleteMany|count|aggregate|groupBy)$/;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** Every breach of the house rules in these files of src, as sentences that begin with the path. Empty: all is well. */
export function findViolations(sources: Readonly<Record<string, string>>, rules: HouseRules): string[] {
  const violations: string[] = [];
  const imports: Import[] = [];
  for (const [path, source] of Object.entries(sources)) {
    const isGenerated = roomOf(path) === rules.generated.room;
    if (isGenerated) continue;
    const facts = readFacts(path, source, rules.models);
    imports.push(...facts.imports);
    violations.push(...findShapeFaults(path, source, rules), ...findUseFaults(path, facts, rules));
  }
  violations.push(...imports.flatMap((each) => findImportFaults(each, rules)));
  violations.push(...findCycles(imports, (path) => path).map((cycle) => `Files in a circle: ${cycle.join(' → ')}`));
  violations.push(...findCycles(imports, roomOf).map((cycle) => `Rooms in a circle: ${cycle.join(' → ')}`));
  return violations;
}

interface Facts {
  imports: Import[];
  queries: string[];
  readsEnvironment: boolean;
  hasDefaultExport: boolean;
}

function readFacts(path: string, source: string, models: ReadonlySet<string>): Facts {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const facts: Facts = { imports: [], queries: [], readsEnvironment: false, hasDefaultExport: false };
  const addImport = (specifier: string | undefined, typeOnly: boolean) => {
    if (!specifier?.startsWith('.')) return;
    facts.imports.push({ from: path, to: posix.join(posix.dirname(path), specifier), typeOnly });
  };
  const addQuery = (callee: Callee) => {
    const query = toQuery(callee, models);
    if (query) facts.queries.push(query);
  };
  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers;
      const allTypes = names.length > 0 && names.every((each) => 'importKind' in each && each.importKind === 'type');
      addImport(node.source.value, node.importKind === 'type' || allTypes);
      const isProcess = node.source.value === 'node:process' || node.source.value === 'process';
      if (isProcess && names.some((each) => 'imported' in each && toName(each.imported) === 'env')) {
        facts.readsEnvironment = true;
      }
    },
    ExportNamedDeclaration(node) {
      addImport(node.source?.value, node.exportKind === 'type');
      if (node.specifiers.some((each) => toName(each.exported) === 'default')) facts.hasDefaultExport = true;
    },
    ExportAllDeclaration: (node) => addImport(node.source.value, node.exportKind === 'type'),
    ExportDefaultDeclaration() {
      facts.hasDefaultExport = true;
    },
    ImportExpression: (node) => addImport(toText(node.source), false),
    TSImportType: (node) => addImport(toText(node.source), true),
    MemberExpression(node) {
      const isProcess = node.object.type === 'Identifier' && node.object.name === 'process';
      if (isProcess && toPropertyName(node) === 'env') facts.readsEnvironment = true;
    },
    CallExpression: (node) => addQuery(node.callee as Callee),
    TaggedTemplateExpression: (node) => addQuery(node.tag as Callee),
  }).visit(program);
  return facts;
}

interface Callee {
  type: string;
  object?: Callee;
  property?: { type: string; name?: string; value?: unknown };
}

function toQuery(callee: Callee, models: ReadonlySet<string>): string | null {
  const method = toPropertyName(callee);
  if (method === null) return null;
  if (rawQueries.has(method)) return method;
  const model = callee.object ? toPropertyName(callee.object) : null;
  return model !== null && models.has(model) && modelQueries.test(method) ? `${model}.${method}` : null;
}

function toPropertyName(node: { type: string; property?: unknown }): string | null {
  if (node.type !== 'MemberExpression') return null;
  return toName(node.property);
}

function toName(node: unknown): string | null {
  const { name, value } = node as { name?: unknown; value?: unknown };
  return typeof name === 'string' ? name : typeof value === 'string' ? value : null;
}

function toText(node: unknown): string | undefined {
  const { value } = node as { value?: unknown };
  return typeof value === 'string' ? value : undefined;
}

function findShapeFaults(path: string, source: string, rules: HouseRules): string[] {
  const faults: string[] = [];
  if (!rules.rooms[roomOf(path)]) faults.push(`${path}: no floor has a room "${roomOf(path)}"`);
  const lines = source.trimEnd().split('\n').length;
  if (lines > maxLines) faults.push(`${path}: has ${lines} lines, more than ${maxLines}`);
  const segments = path.split('/');
  segments.forEach((segment, index) => {
    const isAllowed = allowedFolders.has(segments.slice(0, index + 1).join('/'));
    const name = segment.replace(/\.ts$/, '');
    if (forbiddenNames.has(name) && !isAllowed) faults.push(`${path}: "${name}" says nothing; name the noun`);
  });
  return faults;
}

function findUseFaults(path: string, facts: Facts, rules: HouseRules): string[] {
  const faults: string[] = [];
  if (facts.hasDefaultExport) faults.push(`${path}: has a default export`);
  if (facts.readsEnvironment && !rules.mayReadEnvironment(path)) faults.push(`${path}: reads process.env`);
  if (facts.queries.length > 0 && !rules.mayQuery(path)) {
    faults.push(`${path}: runs queries (${facts.queries.join(', ')}); only *-store.ts files do`);
  }
  return faults;
}

function findImportFaults({ from, to, typeOnly }: Import, rules: HouseRules): string[] {
  const [importer, imported] = [roomOf(from), roomOf(to)];
  if (!to.startsWith('src/')) return to.startsWith('test/') ? [`${from}: imports ${to}, a test's file`] : [];
  if (importer === imported) return [];
  if (imported === rules.generated.room) {
    const allowed = typeOnly || to.endsWith('/enums.ts') || rules.generated.mayBeImportedBy(from);
    return allowed ? [] : [`${from}: imports generated code, ${to}`];
  }
  const door = rules.doors[imported];
  if (door) {
    const isAllowed = to === door.file && door.from.includes(importer);
    return isAllowed ? [] : [`${from}: imports ${to}; ${imported} is entered by ${door.file} from ${door.from} only`];
  }
  const rule = rules.rooms[importer];
  const isAllowed =
    !rule || rule.mayImport.includes(imported) || (typeOnly && rule.mayImportTypes?.includes(imported) === true);
  if (isAllowed) return [];
  const remark = rule.mayImportTypes?.includes(imported) ? ` (only types of ${imported})` : '';
  return [`${from}: ${importer} may not import ${to}${remark}`];
}

/** `src/sync/cycle.ts` is of the room `sync`, `src/app.ts` is the room `app.ts`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

/** The circles of value imports between files or, by their rooms, between folders; each once. */
function findCycles(imports: readonly Import[], toNode: (path: string) => string): string[][] {
  const edges = new Map<string, Set<string>>();
  for (const { from, to, typeOnly } of imports) {
    if (typeOnly || toNode(from) === toNode(to)) continue;
    edges.set(toNode(from), (edges.get(toNode(from)) ?? new Set()).add(toNode(to)));
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: string[]) => {
    const start = trail.indexOf(node);
    if (start >= 0) cycles.push([...trail.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    for (const next of edges.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of edges.keys()) walk(node, []);
  return cycles;
}
