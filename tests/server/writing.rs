//! Times, creates, changes, deletes and tokens (docs/interface/api.md sections 4, 6 and 7).

use serde_json::json;

use super::support::{api, reason};

#[test]
fn creates_show_nanoseconds_and_reads_microseconds() {
    let api = api();
    let body =
        json!({"name": "n", "provider": "p", "created_at": "2020-01-02T03:04:05.123456789+01:00"});
    let made = api.post("/credentials", &body);
    assert_eq!(made.at("created_at"), "2020-01-02T02:04:05.123456789Z");
    let read = api.get(&format!("/credentials/{}", made.at("id")));
    assert_eq!(read.at("created_at"), "2020-01-02T02:04:05.123457Z");
}

#[test]
fn creates_check_in_order() {
    let api = api();
    let refused = |body: &str| reason(&api.post_raw("/credentials", body.as_bytes()), 400, "17");
    for (body, expected) in [
        ("", "unexpected end of JSON input"),
        ("{\"name\":", "unexpected end of JSON input"),
        (
            "{\"name\":\"x\",\"provider\":\"p\"} y",
            "invalid character 'y' after top-level value",
        ),
        (
            "5",
            "json: cannot unmarshal number into Go value of type map[string]interface {}",
        ),
        ("{\"foo\":1}", "no value given for required property name"),
        (
            "{\"Name\":\"x\",\"provider\":\"p\"}",
            "no value given for required property name",
        ),
        (
            "{\"name\":1,\"foo\":1}",
            "no value given for required property provider",
        ),
        (
            "{\"name\":1,\"provider\":\"p\",\"foo\":1}",
            "json: unknown field \"foo\"",
        ),
        (
            "{\"name\":\"x\",\"provider\":\"p\",\"token\":[]}",
            "json: cannot unmarshal array into Go struct field _Credential.token of type string",
        ),
        (
            "{\"name\":\"x\",\"provider\":\"p\",\"url\":true,\"id\":\"x\"}",
            "json: cannot unmarshal bool into Go struct field _Credential.url of type string",
        ),
        (
            "{\"name\":\"x\",\"provider\":\"p\",\"created_at\":\"yesterday\"}",
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
        ),
        (
            "{\"name\":\"x\",\"provider\":\"p\",\"updated_at\":5}",
            "Time.UnmarshalJSON: input is not a JSON string",
        ),
    ] {
        assert_eq!(
            refused(body),
            format!("Invalid request format: {expected}"),
            "{body}"
        );
    }
    let session = api.post("/sessions", &json!({"name": "s", "timeout": 1.5}));
    assert_eq!(
        reason(&session, 400, "17"),
        "Invalid request format: json: cannot unmarshal number 1.5 into Go struct field _Session.timeout of type int32"
    );
    let with_id = api.post(
        "/credentials",
        &json!({"name": "x", "provider": "p", "id": "x"}),
    );
    assert_eq!(reason(&with_id, 400, "8"), "id must be empty");
}

#[test]
fn creates_take_what_the_platform_takes() {
    let api = api();
    let made = |body: &[u8]| {
        let made = api.post_raw("/credentials", body);
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()
    };
    let upper = made(br#"{"name":"a","provider":"p","NAME":"b","URL":"u","id":null}"#);
    assert_eq!((&upper["name"], &upper["url"]), (&json!("b"), &json!("u")));
    assert_eq!(
        made(br#"{"name":"a","name":"c","provider":null}"#)["name"],
        "c"
    );
    assert_eq!(
        made(b"{\"name\":\"bad\xff\",\"provider\":\"p\"}")["name"],
        "bad\u{fffd}"
    );
    assert_eq!(
        made(br#"{"name":"\ud800","provider":"p"}"#)["name"],
        "\u{fffd}"
    );
    assert_eq!(
        made(br#"{"name":"","provider":"nonesuch","kind":"X","href":"y"}"#)["kind"],
        "Credential"
    );
}

#[test]
fn patches_change_only_what_is_present_and_not_null() {
    let api = api();
    let id = api
        .credential(&json!({"name": "n", "provider": "p", "token": "t", "url": "u", "email": "e"}));
    let path = format!("/credentials/{id}");
    let before = api.get(&path).json();
    let patched = api.patch(&path, &json!({"url": null, "token": null, "EMAIL": "", "foo": 1, "id": "x", "created_at": "2001-01-01T00:00:00Z"}));
    assert_eq!(patched.status, 200, "{}", patched.text);
    let after = api.get(&path).json();
    assert_eq!((&after["url"], &after["email"]), (&json!("u"), &json!("")));
    assert_eq!(after["created_at"], before["created_at"]);
    assert_ne!(after["updated_at"], before["updated_at"]);
    assert_eq!(api.get(&format!("{path}/token")).at("token"), "t");
    for body in ["{}", "null"] {
        assert_eq!(
            api.send("PATCH", &path, &[], body.into()).status,
            200,
            "{body}"
        );
    }
    let empty = api.send("PATCH", &path, &[], Vec::new());
    assert_eq!(
        reason(&empty, 400, "17"),
        "Invalid request format: unexpected end of JSON input"
    );
    assert_eq!(api.patch(&path, &json!({"token": ""})).status, 200);
    assert_eq!(api.get(&format!("{path}/token")).at("token"), "");
}

#[test]
fn tokens_come_back_unchanged_and_nowhere_else() {
    let api = api();
    let token = "\u{feff} a: 1\r\n---\n\0\u{1f600}é \t\n";
    let made = api.post(
        "/credentials",
        &json!({"name": "n", "provider": "p", "token": token}),
    );
    let path = format!("/credentials/{}", made.at("id"));
    assert_eq!(api.get(&format!("{path}/token")).at("token"), token);
    for answer in [
        made,
        api.get(&path),
        api.get("/credentials"),
        api.patch(&path, &json!({"token": token})),
    ] {
        assert!(
            !answer.text.contains("token") && !answer.text.contains("a: 1"),
            "{}",
            answer.text
        );
    }
}

#[test]
fn a_deleted_credential_stays_deleted_and_its_name_is_free() {
    let api = api();
    let id = api.credential(&json!({"name": "n", "provider": "p", "token": "t"}));
    let path = format!("/credentials/{id}");
    let deleted = api.delete(&path);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(deleted.header("content-type"), Some("application/json"));
    assert_eq!(api.get(&path).status, 404);
    assert_eq!(api.get(&format!("{path}/token")).status, 404);
    assert_eq!(api.patch(&path, &json!({"name": "m"})).status, 404);
    assert_eq!(
        api.get("/credentials?search=deleted_at%20is%20not%20null")
            .json()["total"],
        0
    );
    api.credential(&json!({"name": "n", "provider": "p"}));
    assert_eq!(api.get("/credentials").json()["total"], 1);
}
