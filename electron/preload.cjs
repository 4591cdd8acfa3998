// What the window gets of the shell: a port with the hub's frames, and three names each way. No Node, nothing else.
// Plain CommonJS, since a sandboxed preload is loaded as it is: no imports, no types to strip.
const { contextBridge, ipcRenderer } = require('electron')

const FROM_WINDOW = ['ready', 'try-now', 'pin']
const EVENTS = ['entry']

contextBridge.exposeInMainWorld('gatehouse', {
  /** @param {string} name @param {unknown} [value] */
  call(name, value) {
    if (!FROM_WINDOW.includes(name)) throw new Error(`The shell has no ${name}.`)
    ipcRenderer.send(`gatehouse/${name}`, value)
  },
  /** @param {string} name @param {(value: unknown) => void} listener */
  on(name, listener) {
    if (!EVENTS.includes(name)) throw new Error(`The shell tells no ${name}.`)
    /** @type {(event: unknown, value: unknown) => void} */
    const heard = (_event, value) => listener(value)
    ipcRenderer.on(`gatehouse/${name}`, heard)
    return () => void ipcRenderer.off(`gatehouse/${name}`, heard)
  },
})

// A port cannot cross the bridge; it goes to the page as a message of the window to itself.
ipcRenderer.on('gatehouse/port', (event, told) => {
  window.postMessage({ type: 'gatehouse/port', firstPairing: told.firstPairing }, location.origin, event.ports)
})
window.addEventListener('message', event => {
  if (event.source !== window || event.origin !== location.origin) return
  if (event.data?.type === 'gatehouse/ready') ipcRenderer.send('gatehouse/ready')
  if (event.data?.type === 'gatehouse/try-now') ipcRenderer.send('gatehouse/try-now')
})
