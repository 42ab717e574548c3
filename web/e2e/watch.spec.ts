import { test as base, expect } from "@playwright/test";
import { FixtureCenter } from "../dev/fixture-server.mjs";
import { makeEvent } from "../dev/made-up.mjs";
import { watchAlerts } from "./watch-alerts.mjs";

base("the watcher reports each alert once, and each revision when asked, with its latency", async () => {
  const center = new FixtureCenter([makeEvent({ serial: 1, agoS: 60 })]);
  const url = await center.start();
  const raised = makeEvent({ serial: 2 });
  const sightings = await watchAlerts({
    url,
    until: 3,
    timeoutMs: 20_000,
    revisions: true,
    onReady: () => center.publish({ ...raised, opened_at: new Date().toISOString() }),
    onSighting: ({ id, rev }) => {
      if (id === raised.id && rev === 1) center.publish({ ...raised, rev: 2, phase: "close", at: new Date().toISOString() });
    },
  });
  await center.finish();
  expect(sightings.map(({ id, rev, phase, live }) => [id === raised.id, rev, phase, live])).toEqual([
    [false, 1, "open", false],
    [true, 1, "open", true],
    [true, 2, "close", true],
  ]);
  for (const { live, latency_ms } of sightings) if (live) expect(latency_ms).toBeGreaterThanOrEqual(0);
});
