export function ServersView() {
  return null
}
