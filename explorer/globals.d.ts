/** What the page's other scripts give: React 18's and GraphiQL 4's own bundles, as far as they are used here. */

type Component = Readonly<Record<'component', never>>;
type Element = Readonly<Record<'element', never>>;
type Fetcher = Readonly<Record<'fetcher', never>>;

declare const React: Readonly<{
  createElement: (component: Component, props: object | null, ...children: (Element | string)[]) => Element;
}>;

declare const ReactDOM: Readonly<{
  createRoot: (container: HTMLElement) => Readonly<{ render: (element: Element) => void }>;
}>;

declare const GraphiQL: Component &
  Readonly<{ Logo: Component; createFetcher: (options: Readonly<{ url: string }>) => Fetcher }>;

/** Read by the bundle where it adds a style sheet of its own: when a dialogue opens. */
// eslint-disable-next-line no-var -- the bundle looks for a global, which `let` does not make
declare var __webpack_nonce__: string;
