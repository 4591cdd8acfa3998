// What the deployments server can be told by its environment.
import { z } from 'zod'
import { protectedNames } from '../kit/protected.ts'
import { STATE_SETTINGS } from '../kit/state.ts'
import { Environment } from './backend.ts'
import { isTimeZone, wrongWindow } from './deploy-windows.ts'
import { Permission } from './rights.ts'

const words = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform(text => text.split(',').map(word => word.trim()))
    .transform(all => all.filter(Boolean))
/** A secret may be sent there. */
export const isSafe = (url: string | undefined) =>
  url === undefined || /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(url)
const place = z
  .url({ protocol: /^https?$/, abort: true })
  .refine(text => {
    const { username, password, search, hash } = new URL(text)
    return username + password + search + hash === ''
  }, 'has no user, password or query in it')
  .optional()

export const SETTINGS = {
  DEPLOYMENTS_URL: place.describe('Where the real backend is; without it a demo is used, which deploys nothing'),
  OAUTH_TOKEN_URL: place
    .refine(isSafe, 'begins with https://')
    .describe('Where tokens for the backend come from (client credentials)'),
  OAUTH_CLIENT_ID: z.string().optional().describe('Who this server is there'),
  OAUTH_CLIENT_SECRET: z.string().optional().describe('Its secret').meta({ secret: true }),
  OAUTH_SCOPE: z.string().optional().describe('What to ask for'),
  DEPLOY_PERMISSIONS: words('deploy:dev,deploy:staging')
    .pipe(z.array(Permission))
    .describe(
      'What may be done over stdio: `deploy:dev`, `deploy:staging`, `deploy:production`; over HTTP the caller’s roles say it',
    ),
  DEPLOY_GROUPS: words('').describe(
    'Groups over stdio; production also needs `production-deployers`; over HTTP the caller’s groups say it',
  ),
  DEPLOY_WINDOWS: z
    .string()
    .default('production=Mon-Thu 10:00-16:00')
    .refine(text => wrongWindow(text) === null, 'is like production=Mon-Thu 10:00-16:00; staging=Mon-Fri 08:00-20:00')
    .describe('When may be deployed, separated by `;`, as in `production=Mon-Thu 10:00-16:00`; `none` for always'),
  DEPLOY_TIME_ZONE: z
    .string()
    .default('UTC')
    .refine(isTimeZone, 'is a time zone such as Europe/Berlin')
    .describe('Whose clock that is'),
  APPROVAL_FOR: words('production')
    .pipe(z.array(Environment))
    .describe('Environments where a deployment waits for approve_deployment'),
  PROTECTED_ENVIRONMENTS: protectedNames('production', 'Environments that rollback and delete must not touch'),
  DEMO_SECONDS: z.coerce.number().min(0).max(3_600).default(10).describe('How long the demo takes for a deployment'),
  ...STATE_SETTINGS,
}
