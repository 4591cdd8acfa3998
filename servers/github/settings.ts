// What the github server can be told by its environment.
import { z } from 'zod'
import { protectedNames } from '../kit/protected.ts'

/** The token goes there: only over TLS, or to this computer itself. */
function isSafe(text: string): boolean {
  const { protocol, hostname, search, hash, username } = new URL(text)
  if (search !== '' || hash !== '' || username !== '') return false
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

export const SETTINGS = {
  GITHUB_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'has no spaces and no line ends')
    .optional()
    .describe('A fine-grained or classic personal access token')
    .meta({ secret: true }),
  GITHUB_API_URL: z
    .url({ protocol: /^https?$/ })
    .refine(isSafe, 'is an address with https:// and nothing behind its path')
    .default('https://api.github.com')
    .describe('GitHub Enterprise Server: `https://HOST/api/v3`'),
  PROTECTED_BRANCHES: protectedNames(
    'main,master,release/*',
    'Branches that are not deleted, and into which nothing is merged',
  ),
}
