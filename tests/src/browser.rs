//! A headless Chromium, driven by its `DevTools` protocol over two named pipes.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What keeps it from writing, asking or fetching anything of its own.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    to: File,
    from: BufReader<File>,
    session: Value,
    calls: u64,
    events: Vec<Value>,
    // Its profile and its pipes.
    _folder: TempDir,
}

impl Browser {
    /// Starts one; `None` where there is none.
    ///
    /// # Panics
    ///
    /// If there is one that does not answer.
    #[must_use]
    pub fn start() -> Option<Self> {
        let exists = |program: &&&str| {
            let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            found.is_ok_and(|status| status.success())
        };
        let program = ["chromium", "chromium-browser", "google-chrome"].iter().find(exists)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
            assert!(made.success(), "mkfifo makes {}", path.display());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        // It reads from descriptor 3 and writes to descriptor 4, which a shell can open.
        let mut command = Command::new("sh");
        command.args(["-c", r#"program=$1; to=$2; from=$3; shift 3; exec "$program" "$@" 3<"$to" 4>"$from""#, "sh"]);
        command.arg(program).arg(&to).arg(&from).args(FLAGS);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display())).arg("about:blank");
        let process =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh runs");
        let to = OpenOptions::new().write(true).open(to).expect("the shell opens its end");
        let from = BufReader::new(File::open(from).expect("the shell opens its end"));
        let events = Vec::new();
        let mut browser = Self { process, to, from, session: Value::Null, calls: 0, events, _folder: folder };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        browser.session = browser.call("Target.attachToTarget", &attach)["sessionId"].clone();
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        // What cannot run cannot be needed.
        browser.call("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
        Some(browser)
    }

    /// One message.
    fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser's pipe can be read");
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&bytes).expect("the browser speaks JSON")
    }

    /// Calls a method and waits for its result.
    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if self.session.is_string() {
            message["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser's pipe can be written");
        loop {
            let heard = self.hear();
            if heard["id"] == self.calls {
                assert!(heard.get("error").is_none(), "{method}: {heard}");
                return heard["result"].clone();
            }
            self.events.push(heard);
        }
    }

    /// Opens a file in a window of so many pixels, in light or dark, and waits until it is loaded. Returns what was
    /// said on the console, and every address that was asked for but the file's own.
    ///
    /// # Panics
    ///
    /// If the browser ends.
    pub fn open(&mut self, file: &Path, [width, height]: [u32; 2], dark: bool) -> Complaints {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &feature);
        self.events.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", &json!({ "url": url }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.hear();
            self.events.push(event);
        }
        let mut complaints = Complaints::default();
        for event in &self.events {
            let parameters = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Network.requestWillBeSent" => {
                    let asked = parameters["request"]["url"].as_str().unwrap_or_default();
                    if asked != url && !asked.starts_with("data:") {
                        complaints.requests.push(asked.to_owned());
                    }
                }
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                    complaints.console.push(parameters.to_string());
                }
                _ => {}
            }
        }
        complaints
    }

    /// The value of an expression in the page.
    ///
    /// # Panics
    ///
    /// If it throws.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let result = self.call("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        assert!(result.get("exceptionDetails").is_none(), "{result}");
        result["result"]["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It holds nothing that is worth an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a page should not have done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Complaints {
    /// What was said on the console.
    pub console: Vec<String>,
    /// What was asked for beside the page.
    pub requests: Vec<String>,
}
