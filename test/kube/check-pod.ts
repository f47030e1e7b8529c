import { readQuantity } from '../../runtime/orchestrator/kubernetes/quantity.ts';
import { invalid, type Refusal } from './kube-status.ts';
import type { KubeObject } from './kube-store.ts';

/** The part of Kubernetes' validation of pods that a runner can run into. @returns null = it is fine. */
export function checkPod(pod: KubeObject): Refusal | null {
  const causes: { reason: string; message: string; field: string }[] = [];
  const add = (reason: string, field: string, message: string): void => void causes.push({ reason, field, message });
  const name = pod.metadata?.name ?? '';
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.length > 253) {
    add(
      'FieldValueInvalid',
      'metadata.name',
      `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    );
  }
  for (const [key, value] of Object.entries<string>(pod.metadata?.labels ?? {})) {
    if (!/^(([A-Za-z0-9][-\w.]*)?[A-Za-z0-9])?$/.test(value) || value.length > 63) {
      add(
        'FieldValueInvalid',
        'metadata.labels',
        `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters`,
      );
    }
    if (!/^([a-z0-9.-]+\/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/.test(key))
      add('FieldValueInvalid', 'metadata.labels', `Invalid value: ${JSON.stringify(key)}`);
  }
  const containers = pod.spec?.containers ?? [];
  if (containers.length === 0) add('FieldValueRequired', 'spec.containers', 'Required value');
  containers.forEach((container: KubeObject, index: number) => {
    const place = `spec.containers[${index}]`;
    if (!container.image) add('FieldValueRequired', `${place}.image`, 'Required value');
    else if (/\s/.test(container.image))
      add(
        'FieldValueInvalid',
        `${place}.image`,
        `Invalid value: ${JSON.stringify(container.image)}: must not have leading or trailing whitespace`,
      );
    for (const { name: variable } of container.env ?? []) {
      if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(variable))
        add(
          'FieldValueInvalid',
          `${place}.env`,
          `Invalid value: ${JSON.stringify(variable)}: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.'`,
        );
    }
    for (const [resource, amount] of Object.entries<string>(container.resources?.requests ?? {})) {
      const limit = container.resources?.limits?.[resource];
      if (limit !== undefined && readQuantity(limit) < readQuantity(amount)) {
        add(
          'FieldValueInvalid',
          `${place}.resources.requests`,
          `Invalid value: ${JSON.stringify(amount)}: must be less than or equal to ${resource} limit of ${limit}`,
        );
      }
    }
  });
  return causes.length === 0 ? null : invalid('Pod', name, causes);
}
