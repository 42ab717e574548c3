import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a center: a real one, or the fixture server of `npm run fixture`. */
const api = process.env.GRIDWATCH_API ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [vue()],
  base: "/",
  build: {
    outDir: "dist",
    target: "es2022",
    // Everything a page needs is a file of its own: the center's content security policy allows no inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
