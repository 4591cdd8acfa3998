// What the aws server can be told by its environment. The SDK reads the same names, and ~/.aws beside them.
import { z } from 'zod'
import { protectedNames } from '../kit/protected.ts'

/** Part of a host name: nothing else may stand in it. */
export const REGION = z.string().regex(/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/, 'is like eu-central-1')

export const SETTINGS = {
  AWS_REGION: REGION.optional().describe('Where to look; without it, the region of the profile'),
  AWS_PROFILE: z.string().optional().describe('Which profile of `~/.aws/config` is used; without it, `default`'),
  AWS_ACCESS_KEY_ID: z.string().optional().describe('With it and its secret no profile is used'),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('The secret of that key').meta({ secret: true }),
  AWS_SESSION_TOKEN: z.string().optional().describe('Of credentials for a while').meta({ secret: true }),
  AWS_ENDPOINT_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another API that speaks as AWS does, as LocalStack'),
  AWS_EC2_METADATA_DISABLED: z
    .enum(['true', 'false'])
    .default('false')
    .describe('`true`: the address 169.254.169.254 is never asked for credentials'),
  PROTECTED_ENVIRONMENTS: protectedNames(
    'production,prod',
    'Instances with these in their tag Environment are not stopped',
  ),
}
