// What the monitoring server can be told by its environment.
import { z } from 'zod'
import { AllowedAddresses } from './addresses.ts'

export const SETTINGS = {
  PROMETHEUS_URL: z
    .url({ protocol: /^https?$/, abort: true })
    .refine(url => new URL(url).username + new URL(url).password === '', 'has no user and password in it')
    .optional()
    .describe('Where Prometheus is; without it only `check_service_health` works'),
  PROMETHEUS_TOKEN: z
    .string()
    .optional()
    .describe('Sent to Prometheus as a bearer token; with a user, as their password')
    .meta({ secret: true }),
  PROMETHEUS_USER: z.string().optional().describe('With it the token is a password (basic authentication)'),
  SERVICE_LABEL: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is the name of a label')
    .default('job')
    .describe('The label in Prometheus that names a service'),
  HEALTH_ALLOW: z
    .string()
    .default('')
    .superRefine((text, context) => {
      const wrong = AllowedAddresses.wrongIn(text)
      if (wrong !== null)
        context.addIssue(`${wrong} is no address, no range like 10.0.0.0/8, and not private or loopback`)
    })
    .describe('Addresses that may be checked although they are not public: `private`, `loopback`, `10.1.0.0/16`, …'),
}
