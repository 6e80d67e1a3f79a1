import fc from "fast-check";

// For bin/test. A test file that is run by itself tries something else each time.
const seed = Number(process.env["SLIPWAY_SEED"] ?? 1);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
