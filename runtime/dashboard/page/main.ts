import { render } from 'preact';
import { html } from 'htm/preact';
import { App } from './app.ts';

const place = document.getElementById('app')!;
place.replaceChildren();
render(html`<${App} />`, place);
