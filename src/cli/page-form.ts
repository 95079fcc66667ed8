import type { HTMLElement } from 'node-html-parser';

export interface FormField {
  name: string;
  /** `hidden`, `text`, `radio`, `select`, `submit`, … */
  type: string;
  /** What the page itself fills in; for a submit button, what pressing it sends. */
  value: string;
  /** What a person reads on a button, else empty. */
  label: string;
  /** Whether the field is sent when nobody touches it. */
  isSet: boolean;
  /** For a `select`: what can be chosen. */
  options: string[];
}

export interface PageForm {
  action: URL;
  method: 'GET' | 'POST';
  fields: FormField[];
}

export function readForms(root: HTMLElement, pageUrl: string): PageForm[] {
  return root.querySelectorAll('form').map((form) => ({
    action: new URL(form.getAttribute('action') || pageUrl, pageUrl),
    method: form.getAttribute('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
    fields: form
      .querySelectorAll('input, select, textarea, button')
      .filter((element) => !element.hasAttribute('disabled'))
      .map(readField),
  }));
}

/**
 * What a browser would send after a person has filled in these values and pressed this button (its value or its label;
 * without one, the form's first). Throws for what a person could not do on the page.
 */
export function fillIn(form: PageForm, values: Readonly<Record<string, string>>, button?: string): URLSearchParams {
  const sent = new URLSearchParams();
  const pressed = findPressed(form, values, button);
  for (const [name, value] of Object.entries(values)) {
    if (canHoldField(form, name, value)) continue;
    throw new Error(`The form cannot hold "${name}" = "${value}". It has: ${describe(form)}`);
  }
  for (const field of form.fields) {
    if (!field.name) continue;
    const value = values[field.name];
    if (isButton(field)) {
      if (field === pressed) sent.append(field.name, field.value);
    } else if (field.type === 'radio' || field.type === 'checkbox') {
      if (value === undefined ? field.isSet : value === field.value) sent.append(field.name, field.value);
    } else {
      sent.append(field.name, value ?? field.value);
    }
  }
  return sent;
}

/** Whether a person could enter these values: free text, an option that is there, or what the page already says. */
export function canHold(form: PageForm, values: Readonly<Record<string, string>>): boolean {
  return Object.entries(values).every(([name, value]) => canHoldField(form, name, value));
}

/** Whether the form has this button. */
export function hasButton(form: PageForm, button: string): boolean {
  return form.fields.some((field) => isNamedButton(field, button));
}

function readField(element: HTMLElement): FormField {
  const tag = element.tagName.toLowerCase();
  const type = tag === 'input' ? (element.getAttribute('type') ?? 'text') : tag;
  const options = element.querySelectorAll('option');
  const selected = options.find((option) => option.hasAttribute('selected')) ?? options[0];
  const field = {
    name: element.getAttribute('name') ?? '',
    label: '',
    isSet: element.hasAttribute('checked'),
    options: options.map(toOptionValue),
  };
  const value = element.getAttribute('value') ?? '';
  if (tag === 'select') return { ...field, type, value: selected ? toOptionValue(selected) : '' };
  if (tag === 'textarea') return { ...field, type, value: element.text };
  if (tag === 'button') {
    return { ...field, type: element.getAttribute('type') ?? 'submit', value, label: element.text.trim() };
  }
  if (type === 'submit') return { ...field, type, value, label: value || 'Submit' };
  if (type === 'radio' || type === 'checkbox') return { ...field, type, value: element.getAttribute('value') ?? 'on' };
  return { ...field, type, value };
}

function toOptionValue(option: HTMLElement): string {
  return option.getAttribute('value') ?? option.text.trim();
}

function findPressed(
  form: PageForm,
  values: Readonly<Record<string, string>>,
  button: string | undefined,
): FormField | undefined {
  const buttons = form.fields.filter((field) => field.type === 'submit');
  if (button !== undefined) {
    const pressed = buttons.find((field) => isNamedButton(field, button));
    if (!pressed) throw new Error(`The form has no button "${button}". It has: ${describe(form)}`);
    return pressed;
  }
  // A button that carries a name can be chosen by value too: { decision: 'approve' }.
  return buttons.find((field) => field.name && values[field.name] === field.value) ?? buttons[0];
}

function canHoldField(form: PageForm, name: string, value: string): boolean {
  return form.fields.some((field) => {
    if (field.name !== name) return false;
    if (field.type === 'select') return field.options.includes(value);
    const isFixed = isButton(field) || ['radio', 'checkbox', 'hidden'].includes(field.type);
    return !isFixed || field.value === value;
  });
}

function isButton(field: FormField): boolean {
  return field.type === 'submit' || field.type === 'button' || field.type === 'reset';
}

function isNamedButton(field: FormField, button: string): boolean {
  return field.type === 'submit' && (field.value === button || field.label === button);
}

function describe(form: PageForm): string {
  return form.fields.map((field) => `${field.type} ${field.name || '-'} "${field.label || field.value}"`).join(', ');
}
