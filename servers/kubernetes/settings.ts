// What the kubernetes server can be told by its environment.
import { z } from 'zod'
import { protectedNames } from '../kit/protected.ts'

export const SETTINGS = {
  KUBECONFIG: z
    .string()
    .optional()
    .describe('Kubeconfig files, as kubectl takes them; without it `~/.kube/config`, then the pod it runs in'),
  KUBE_CONTEXT: z.string().optional().describe('The context to use; without it the current one of the kubeconfig'),
  PROTECTED_NAMESPACES: protectedNames(
    'kube-system,production,prod',
    'Namespaces in which nothing is deleted, applied, restarted or scaled down',
  ),
  APPLY_CLUSTER_WIDE: z
    .stringbool()
    .default(false)
    .describe('Whether apply_manifest may change what belongs to no namespace (roles, CRDs, webhooks …)'),
  CREDENTIAL_PROGRAMS: z
    .string()
    .default('')
    .transform(text => text.split(',').flatMap(name => name.trim() || []))
    .describe('Programs a kubeconfig may run for credentials, as its `command` names them, separated by commas'),
}
