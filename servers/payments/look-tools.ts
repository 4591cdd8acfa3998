// The tools that only read: customers, payments, invoices and ways to pay.
import type { McpServer } from '@modelcontextprotocol/server'
import type { Stripe } from 'stripe'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { fromCursorOf, NEXT, PAGING, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import {
  CUSTOMER,
  customerOf,
  INVOICE,
  invoiceOf,
  PAYMENT,
  PAYMENT_METHOD,
  paymentMethodOf,
  paymentOf,
} from './shapes.ts'
import type { StripeApi } from './stripe-api.ts'

const ASKS = { ...READS, openWorldHint: true }
const pages = { ...PAGING, limit: z.int().min(1).max(100).default(20) }
export const customerId = z
  .string()
  .regex(/^cus_\w{1,250}$/, 'is an id as cus_…')
  .describe('As cus_…; find_customer finds it')
export const paymentId = z
  .string()
  .regex(/^pi_\w{1,250}$/, 'is an id as pi_…')
  .describe('As pi_…; list_payments lists them')

export function registerLookTools(kit: Kit, server: McpServer, stripe: StripeApi): void {
  kit.tool(
    server,
    'get_customer',
    {
      title: 'Customer',
      description: 'One customer by id.',
      input: z.object({ customer_id: customerId }),
      output: CUSTOMER,
      annotations: ASKS,
    },
    async ({ customer_id }, { signal }) => {
      const customer = await stripe.ask(async api => {
        const found = await api.customers.retrieve(customer_id)
        if (!found.deleted) return customerOf(found)
        const words = `The customer ${customer_id} was deleted.`
        throw new Failure('not_found', words, 'Look for another with find_customer.')
      }, signal)
      return { text: titleOf(customer), data: customer }
    },
  )

  kit.tool(
    server,
    'find_customer',
    {
      title: 'Find a customer',
      description: 'Customers with exactly this email address; Stripe tells capitals apart.',
      input: z.object({ email: z.email().max(320), ...pages }),
      output: z.object({ customers: z.array(CUSTOMER), ...NEXT }),
      annotations: ASKS,
    },
    async ({ email, ...page }, { signal }) => {
      const list = (api: Stripe, cursor: Cursor) => api.customers.list({ email, ...cursor })
      const { items: customers, ...next } = await pageOf(stripe, { customers: email }, page, signal, list, customerOf)
      return {
        text: inLines(customers.map(titleOf), next, 'No customer has this address.'),
        data: { customers, ...next },
      }
    },
  )

  kit.tool(
    server,
    'list_payment_methods',
    {
      title: 'Ways to pay of a customer',
      description: 'Cards and the like that a customer has saved, for create_payment.',
      input: z.object({ customer: customerId, ...pages }),
      output: z.object({ paymentMethods: z.array(PAYMENT_METHOD), ...NEXT }),
      annotations: ASKS,
    },
    async ({ customer, ...page }, { signal }) => {
      const list = (api: Stripe, cursor: Cursor) => api.customers.listPaymentMethods(customer, cursor)
      const { items: paymentMethods, ...next } = await pageOf(
        stripe,
        { paymentMethods: customer },
        page,
        signal,
        list,
        paymentMethodOf,
      )
      const lines = paymentMethods.map(({ id, title }) => `${id}: ${title}`)
      return { text: inLines(lines, next, 'None is saved.'), data: { paymentMethods, ...next } }
    },
  )

  kit.tool(
    server,
    'list_invoices',
    {
      title: 'Invoices',
      description: 'The newest first, of all customers or of one.',
      input: z.object({
        customer: customerId.optional(),
        status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
        ...pages,
      }),
      output: z.object({ invoices: z.array(INVOICE), ...NEXT }),
      annotations: ASKS,
    },
    async ({ customer, status, ...page }, { signal }) => {
      const asked = { ...(customer ? { customer } : {}), ...(status ? { status } : {}) }
      const list = (api: Stripe, cursor: Cursor) => api.invoices.list({ ...asked, ...cursor })
      const { items: invoices, ...next } = await pageOf(stripe, { invoices: asked }, page, signal, list, invoiceOf)
      const lines = invoices.map(one => `${one.number ?? one.id}: ${one.shown}, ${one.status}`)
      return { text: inLines(lines, next, 'No invoice.'), data: { invoices, ...next } }
    },
  )

  kit.tool(
    server,
    'get_payment',
    {
      title: 'Payment',
      description: 'One payment by id: its state, what was received and given back, why it failed.',
      input: z.object({ payment: paymentId }),
      output: PAYMENT,
      annotations: ASKS,
    },
    async ({ payment }, { signal }) => {
      const expand = ['latest_charge']
      const look = async (api: Stripe) => paymentOf(await api.paymentIntents.retrieve(payment, { expand }))
      const found = await stripe.ask(look, signal)
      return { text: lineOf(found), data: found }
    },
  )

  kit.tool(
    server,
    'list_payments',
    {
      title: 'Payments',
      description: 'The newest first, of all customers or of one.',
      input: z.object({ customer: customerId.optional(), ...pages }),
      output: z.object({ payments: z.array(PAYMENT), ...NEXT }),
      annotations: ASKS,
    },
    async ({ customer, ...page }, { signal }) => {
      const asked = { expand: ['data.latest_charge'], ...(customer ? { customer } : {}) }
      const list = (api: Stripe, cursor: Cursor) => api.paymentIntents.list({ ...asked, ...cursor })
      const { items: payments, ...next } = await pageOf(stripe, { payments: asked }, page, signal, list, paymentOf)
      return { text: inLines(payments.map(lineOf), next, 'No payment.'), data: { payments, ...next } }
    },
  )
}

interface Cursor {
  limit: number
  starting_after?: string
}

/** A page of a list of Stripe's, which goes on behind the last id. `of`: which list it is. */
async function pageOf<T extends { id: string }, U>(
  stripe: StripeApi,
  of: object,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
  signal: AbortSignal,
  list: (api: Stripe, cursor: Cursor) => Promise<Stripe.ApiList<T>>,
  tell: (one: T) => U,
): Promise<{ items: U[]; nextCursor?: string }> {
  const after = fromCursorOf(of, cursor, z.string().regex(/^\w{1,255}$/))
  return await stripe.ask(async api => {
    const { data, has_more } = await list(api, { limit, ...(after ? { starting_after: after } : {}) })
    const last = data.at(-1)
    return { items: data.map(tell), ...(has_more && last ? { nextCursor: toCursorOf(of, last.id) } : {}) }
  }, signal)
}

function inLines(lines: string[], next: { nextCursor?: string }, none: string): string {
  return withMore(lines.join('\n') || none, next)
}

function titleOf({ id, name, email }: z.output<typeof CUSTOMER>): string {
  return `${id}: ${[name, email].filter(Boolean).join(', ') || 'without a name'}`
}

export function lineOf({ id, shown, status, customer }: z.output<typeof PAYMENT>): string {
  return `${id}: ${shown}, ${status}${customer ? `, of ${customer}` : ''}`
}
