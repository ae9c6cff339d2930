//! Pages, order and search (docs/interface/api.md section 5).

use serde_json::json;

use super::support::{Api, api, encoded, names, reason};

fn five(api: &Api) -> Vec<String> {
    (0..5)
        .map(|number| api.credential(&json!({"name": format!("n{}", 4 - number), "provider": "p"})))
        .collect()
}

#[test]
fn pages_follow_the_platforms_arithmetic() {
    let api = api();
    five(&api);
    for (query, page, size) in [
        ("", 1, 5),
        ("page=2&size=2", 2, 2),
        ("page=3&size=2", 3, 1),
        ("page=9", 9, 0),
        ("page=0&size=1", 0, 1),
        ("page=-3&size=1", -3, 1),
        ("page=abc&size=1", 0, 1),
        ("page=99999999999999999999&size=1", -1, 0),
        ("size=0", 1, 0),
        ("size=abc", 1, 0),
        ("size=-1", 1, 5),
        ("size=99999999", 1, 5),
        ("page=1&page=2&size=3&nonesuch=1", 1, 3),
    ] {
        let list = api.get(&format!("/credentials?{query}")).json();
        assert_eq!(
            (&list["page"], &list["size"], &list["total"]),
            (&json!(page), &json!(size), &json!(5)),
            "{query}"
        );
        assert_eq!(list["items"].as_array().unwrap().len(), size, "{query}");
    }
}

#[test]
fn the_default_order_is_that_of_creation() {
    let api = api();
    let ids = five(&api);
    let list = api.get("/credentials").json();
    let found: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(found, ids);
}

#[test]
fn lists_are_ordered_by_columns() {
    let api = api();
    five(&api);
    let ordered = |order: &str| api.get(&format!("/credentials?size=2&orderBy={}", encoded(order)));
    assert_eq!(names(&ordered("name")), ["n0", "n1"]);
    assert_eq!(names(&ordered("provider, name desc")), ["n4", "n3"]);
    assert_eq!(names(&ordered("credentials.name asc")), ["n0", "n1"]);
    assert_eq!(
        reason(&ordered("name DESC"), 400, "21"),
        "bad order value 'name DESC'"
    );
    assert_eq!(
        reason(&ordered("nosuch"), 500, "9"),
        "Unable to list resources: pq: column \"nosuch\" does not exist"
    );
    for secret in [
        "token",
        "(select sealed from credential_tokens)",
        "length(name)",
    ] {
        assert!(ordered(secret).status >= 400, "{secret}");
    }
}

#[test]
fn rows_without_a_value_come_last() {
    let api = api();
    api.credential(&json!({"name": "without", "provider": "p"}));
    api.credential(&json!({"name": "with", "provider": "p", "url": "u"}));
    assert_eq!(
        names(&api.get("/credentials?orderBy=url")),
        ["with", "without"]
    );
    assert_eq!(
        names(&api.get("/credentials?orderBy=url%20desc")),
        ["without", "with"]
    );
}

#[test]
fn searches_find_what_they_say() {
    let api = api();
    api.credential(&json!({"name": "kube-east", "provider": "kubeconfig", "url": "a_b"}));
    api.credential(&json!({"name": "Kube-west", "provider": "kubeconfig", "url": "axb"}));
    api.credential(
        &json!({"name": "it's", "provider": "github", "created_at": "2001-01-01T00:00:00Z"}),
    );
    for (search, expected) in [
        ("name = 'kube-east'", vec!["kube-east"]),
        ("name != 'kube-east'", vec!["Kube-west", "it's"]),
        ("url != 'a_b'", vec!["Kube-west"]),
        ("name = 'it''s'", vec!["it's"]),
        ("name like 'kube%'", vec!["kube-east"]),
        ("name ilike 'KUBE%'", vec!["kube-east", "Kube-west"]),
        ("url like 'a\\_b'", vec!["kube-east"]),
        ("url ilike 'A\\_B'", vec!["kube-east"]),
        ("url like 'a_b'", vec!["kube-east", "Kube-west"]),
        ("name in ('it''s', 'Kube-west')", vec!["Kube-west", "it's"]),
        ("name in ()", vec![]),
        ("name not in ()", vec!["kube-east", "Kube-west", "it's"]),
        ("url is null", vec!["it's"]),
        (
            "not provider = 'kubeconfig' or name = 'kube-east'",
            vec!["kube-east", "it's"],
        ),
        (
            "created_at between '2001-01-01' and '2001-12-31'",
            vec!["it's"],
        ),
        (
            "created_at > '2002-01-01T00:00:00Z' and url is 'axb'",
            vec!["Kube-west"],
        ),
        ("deleted_at is null and PROVIDER = 'github'", vec!["it's"]),
    ] {
        assert_eq!(
            names(&api.get(&format!("/credentials?search={}", encoded(search)))),
            expected,
            "{search}"
        );
    }
    let refused = |search: &str| api.get(&format!("/credentials?search={}", encoded(search)));
    assert_eq!(
        reason(&refused(" kube "), 400, "21"),
        "Failed to parse search query: kube"
    );
    assert_eq!(
        reason(&refused("foo.x = 'y'"), 400, "21"),
        "foo is not a related resource of Credential"
    );
    assert_eq!(
        reason(&refused("name ~= 'x'"), 400, "21"),
        "unexpected literal: $regex"
    );
    assert_eq!(
        reason(&refused("created_at > 5"), 500, "9"),
        "Unable to list resources: pq: invalid input syntax for type timestamp with time zone: \"5\""
    );
    for secret in ["token like '%'", "credentials.token is not null"] {
        assert!(refused(secret).status >= 400, "{secret}");
    }
}
