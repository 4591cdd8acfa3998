// Every address of the window. Pages come in their own chunks; what a page shows of itself is in its search parameters.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Frame } from './frame/frame.tsx'
import { NotFound, PageFailed } from './frame/page-failed.tsx'

/** Views, filters, rows and tabs; each page reads its own by name. `agree` and `add` open a dialog on any page. */
export interface Search {
  agree?: string
  add?: string
  tab?: string
  row?: string
  filter?: string
  [other: string]: unknown
}

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  errorComponent: PageFailed,
  validateSearch: (search: Record<string, unknown>): Search => search,
})

const at = <P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component, errorComponent: PageFailed })

const routeTree = root.addChildren([
  at(
    '/',
    lazyRouteComponent(() => import('./features/home/home-view.tsx'), 'HomeView'),
  ),
  at(
    '/approvals',
    lazyRouteComponent(() => import('./features/approvals/approvals-view.tsx'), 'ApprovalsView'),
  ),
  at(
    '/activity',
    lazyRouteComponent(() => import('./features/activity/activity-view.tsx'), 'ActivityView'),
  ),
  at(
    '/servers',
    lazyRouteComponent(() => import('./features/servers/servers-view.tsx'), 'ServersView'),
  ),
  at(
    '/servers/$server',
    lazyRouteComponent(() => import('./features/servers/server-view.tsx'), 'ServerView'),
  ),
  at(
    '/inspector',
    lazyRouteComponent(() => import('./features/inspector/inspector-view.tsx'), 'InspectorView'),
  ),
  at(
    '/clients',
    lazyRouteComponent(() => import('./features/clients/clients-view.tsx'), 'ClientsView'),
  ),
  at(
    '/policy',
    lazyRouteComponent(() => import('./features/policy/policy-view.tsx'), 'PolicyView'),
  ),
  at(
    '/credentials',
    lazyRouteComponent(() => import('./features/credentials/credentials-view.tsx'), 'CredentialsView'),
  ),
  at(
    '/settings',
    lazyRouteComponent(() => import('./features/settings/settings-view.tsx'), 'SettingsView'),
  ),
])

export const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
