import {start} from './app.js';
window.startViewer = start;
