//! A real browser: headless Chromium, driven through `chromedriver`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use super::process::until;
use super::skipped;

/// The key of an element's id (W3C `WebDriver`).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Driver {
    server: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Driver {
    /// Starts a browser; `None` if this machine has none.
    pub fn start() -> Option<Self> {
        let profile = TempDir::new().unwrap();
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut server) = started else {
            skipped("chromedriver is missing");
            return None;
        };
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .unwrap();
        // The program must not wait for a reader of its output.
        std::thread::spawn(move || lines.for_each(drop));
        let mut driver = Self {
            server,
            port,
            session: String::new(),
            _profile: profile,
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
        }}});
        let session = driver.ask("POST", "/session", &wanted);
        session["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{session}"))
            .clone_into(&mut driver.session);
        Some(driver)
    }

    pub fn visit(&self, url: &Url) {
        self.command("POST", "/url", &json!({"url": url.as_str()}));
    }

    /// The page as it is now.
    pub fn page(&self) -> String {
        let page = self.command("GET", "/source", &Value::Null);
        page.as_str().unwrap_or_default().to_owned()
    }

    /// Types into a field, once it is there.
    pub fn fill(&self, selector: &str, words: &str) {
        let path = format!("/element/{}/value", self.find(selector));
        self.command("POST", &path, &json!({"text": words}));
    }

    /// Clicks on something, once it is there.
    pub fn click(&self, selector: &str) {
        let path = format!("/element/{}/click", self.find(selector));
        self.command("POST", &path, &json!({}));
    }

    fn find(&self, selector: &str) -> String {
        let mut found = None;
        until(&format!("the page has {selector}"), || {
            let wanted = json!({"using": "css selector", "value": selector});
            let element = self.command("POST", "/element", &wanted);
            found = element[ELEMENT].as_str().map(str::to_owned);
            found.is_some()
        });
        found.unwrap()
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["value"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.command("DELETE", "", &Value::Null);
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
