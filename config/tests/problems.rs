//! Every problem of a file is told at once, at its key, with what was found and what is allowed.

use std::path::Path;

use gridwatch_config::{
    BatchConfig, BatchWord, ConfigError, Loaded, ProviderConfig, SourceSettings, TilesConfig, TlsSettings,
    load_edge, load_file, parse_center, parse_edge, parse_edge_offline,
};

const GOOD: &str = r#"
[edge]
id = "ljp-01"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1883"
[[camera]]
id = "gate"
url = "rtsp://admin:hunter2@10.0.0.9/1"
[[camera.zone]]
id = "z1"
type = "fire_lane"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
"#;

#[track_caller]
fn problems_of(text: &str) -> Vec<(String, String)> {
    let problems = parse_edge(text, Path::new("")).expect_err("the file is wrong");
    problems.iter().map(|problem| (problem.key.clone(), problem.message.clone())).collect()
}

#[track_caller]
fn check(text: &str, key: &str, part: &str) {
    let found = problems_of(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, key, "{found:?}");
    assert!(found[0].1.contains(part), "{:?} should contain {part:?}", found[0].1);
}

#[test]
fn a_good_file_becomes_settings_with_defaults() {
    let edge = parse_edge(GOOD, Path::new("/etc/gridwatch")).expect("valid");
    assert_eq!(edge.cameras[0].sample_fps, 5);
    assert_eq!(edge.cameras[0].zones[0].limit().map(|limit| limit.get().as_secs()), Some(60));
    assert_eq!(edge.cameras[0].zones[0].name, "z1");
    assert_eq!(edge.state_dir, Path::new("/etc/gridwatch/state"));
    assert_eq!((edge.inference.threads, edge.inference.cores), (1, None));
    assert_eq!(edge.inference.batch, BatchConfig::Word(BatchWord::Auto));
    let text = GOOD.replace(
        "[[camera]]",
        "[network]\nprovider = \"openvino\"\ncores = 3\nbatch = 4\n[[camera]]\ntiles = \"2x1\"",
    );
    let edge = parse_edge(&text, Path::new("")).expect("valid");
    assert_eq!((edge.inference.provider, edge.inference.cores), (ProviderConfig::OpenVino, Some(3)));
    assert_eq!(edge.inference.batch, BatchConfig::Pictures(4));
    assert_eq!(edge.cameras[0].tiles, TilesConfig { columns: 2, rows: 1 });
}

#[test]
fn each_problem_has_its_key_and_says_what_is_allowed() {
    check(&GOOD.replace("[edge]", "[edge]\ncolour = 1"), "edge.colour", "unknown key");
    check(&GOOD.replace("\"ljp-01\"", "\"ljp/01\""), "edge.id", "ljp/01");
    check(&GOOD.replace("\"ljp-01\"", "7"), "edge.id", "string");
    check(&GOOD.replace("state_dir = \"state\"", ""), "edge.state_dir", "missing");
    check(&GOOD.replace("fire_lane", "fire-lane"), "camera[0].zone[0].type", "\"no_parking\", \"fire_lane\"");
    check(&GOOD.replace("[0.9, 0.9]", "[0.9, 1.9]"), "camera[0].zone[0].polygon", "1.9");
    check(
        &GOOD.replace("[0.9, 0.1], [0.9, 0.9]", "[0.9, 0.9], [0.9, 0.1], [0.1, 0.9]"),
        "camera[0].zone[0].polygon",
        "crosses",
    );
    check(&GOOD.replace("id = \"z1\"", "id = \"z1\"\nlimit_s = 0"), "camera[0].zone[0].limit_s", "1");
    check(&GOOD.replace("[edge]", "[detect]\noffline_after_s = 4\n[edge]"), "detect.offline_after_s", "5");
    check(&GOOD.replace("mqtt://", "http://"), "broker.url", "mqtt://HOST:1883");
    check(&GOOD.replace("rtsp://", "ftp://"), "camera[0].url", "rtsp://HOST/PATH");
    check(&GOOD.replace("id = \"gate\"", "id = \"gate\"\nsample_fps = 60"), "camera[0].sample_fps", "30");
    check(
        &GOOD.replace("[[camera]]", "[network]\nmanifest = \"no.toml\"\n[[camera]]"),
        "network.manifest",
        "no such file",
    );
    check(
        &GOOD.replace("id = \"z1\"", "id = \"z1\"\nclasses = [\"person\"]"),
        "camera[0].zone[0].classes",
        "person",
    );
    for endless in ["nan", "inf", "-inf"] {
        let zone = |line: &str| GOOD.replace("id = \"z1\"", &format!("id = \"z1\"\n{line}"));
        check(&zone(&format!("limit_s = {endless}")), "camera[0].zone[0].limit_s", "a number with an end");
    }
    check(&GOOD.replace("[0.9, 0.9]", "[0.9, nan]"), "camera[0].zone[0].polygon[2][1]", "NaN");
    check(
        &GOOD.replace("[edge]", "[edge]\nmetrics_listen = \"nohost\""),
        "edge.metrics_listen",
        "\"nohost\": expected IP:PORT",
    );
    let network = |line: &str| GOOD.replace("[[camera]]", &format!("[network]\n{line}\n[[camera]]"));
    check(
        &network("provider = \"gpu\""),
        "network.provider",
        "\"tensorrt\", \"cuda\", \"openvino\", \"cpu\"",
    );
    check(&network("batch = \"on\""), "network.batch", "\"auto\", \"off\"");
    check(&network("batch = 0"), "network.batch", "a number from 1 to 32");
    check(&network("cores = 0"), "network.cores", "1");
    for tiles in ["2", "0x1", "5x1", "two"] {
        let camera = GOOD.replace("id = \"gate\"", &format!("id = \"gate\"\ntiles = \"{tiles}\""));
        check(&camera, "camera[0].tiles", "such as 2x1");
    }
    let fast = GOOD.replace(
        "url = \"rtsp://admin:hunter2@10.0.0.9/1\"",
        "file = \"Cargo.toml\"\npace = \"fast\"\nrepeat = true",
    );
    check(&fast, "camera[0].pace", "runs into the future");
    check("[edge", "", "not TOML");
}

#[test]
fn an_address_that_is_none_hides_no_other_problem() {
    let edge = GOOD.replace("[edge]", "[edge]\nmetrics_listen = \"nohost\"").replace("mqtt://", "http://");
    let keys: Vec<_> = problems_of(&edge).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["broker.url", "edge.metrics_listen"]);
    let center = "[center]\nlisten = \"0.0.0.0\"\nstate_dir = \"s\"\n[broker]\nurl = \"http://h\"\n[grid]\nfile = \"no.csv\"\n";
    let problems = parse_center(center, Path::new("")).expect_err("three problems");
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["broker.url", "center.listen", "grid.file"]);
}

#[test]
fn overlapping_ids_are_told_for_cameras_and_zones() {
    let camera = &GOOD[GOOD.find("[[camera]]").expect("there")..];
    check(&format!("{GOOD}{camera}"), "camera[1].id", "gate");
    let zone = &GOOD[GOOD.find("[[camera.zone]]").expect("there")..];
    check(&format!("{GOOD}{zone}"), "camera[0].zone[1].id", "z1");
}

#[test]
fn all_problems_are_told_together_with_the_numbers_the_user_wrote() {
    let second = r#"
[[camera]]
id = "yard"
file = "missing.mp4"
[[camera.zone]]
id = "a"
type = "no_parking"
[[camera.zone]]
id = "b"
type = "no_parking"
polygon = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]
"#;
    let text = GOOD.replace("id = \"gate\"", "id = [1]").replace("[broker]", "[broker]\nfoo = 1") + second;
    let keys: Vec<String> = problems_of(&text).into_iter().map(|(key, _)| key).collect();
    for key in [
        "broker.foo",
        "camera[0].id",
        "camera[1].file",
        "camera[1].zone[0].polygon",
        "camera[1].zone[1].polygon",
    ] {
        assert!(keys.iter().any(|found| found == key), "{key} is missing in {keys:?}");
    }
    assert_eq!(keys.len(), 5, "{keys:?}");
}

#[test]
fn keys_of_streams_are_refused_one_by_one_for_what_is_none() {
    let url = "url = \"rtsp://admin:hunter2@10.0.0.9/1\"";
    let file = GOOD.replace(url, "file = \"Cargo.toml\"\ndecode = \"always\"");
    check(&file, "camera[0].decode", "is for cameras with url = \"rtsp://HOST/PATH\", this one has a file");
    let device = GOOD.replace(url, "device = \"/dev/video0\"\nrest_s = 5\nrecord = true");
    check_keys(&device, &["camera[0].record", "camera[0].rest_s"]);
}

/// All that is told of a text, by key.
#[track_caller]
fn check_keys(text: &str, expected: &[&str]) {
    let mut keys: Vec<String> = problems_of(text).into_iter().map(|(key, _)| key).collect();
    keys.sort();
    assert_eq!(keys, expected, "{:?}", problems_of(text));
}

#[test]
fn what_is_wrong_in_one_place_hides_nothing_elsewhere() {
    let crossing = GOOD.replace("[0.9, 0.1], [0.9, 0.9]", "[0.9, 0.9], [0.9, 0.1], [0.1, 0.9]");
    let polygon = "camera[0].zone[0].polygon";
    // In the file's own tables.
    check_keys(&crossing.replace("id = \"ljp-01\"", ""), &[polygon, "edge.id"]);
    check_keys(&crossing.replace("state_dir = \"state\"", "state_dir = 7"), &[polygon, "edge.state_dir"]);
    let broker = crossing.replace("[broker]\nurl = \"mqtt://127.0.0.1:1883\"", "");
    check_keys(&broker, &["broker", polygon]);
    check_keys(&format!("broker = \"mqtt://h\"\n{broker}"), &["broker", polygon]);
    // In the same camera, and in the same zone.
    check_keys(&crossing.replace("id = \"gate\"", "id = 7"), &["camera[0].id", polygon]);
    check_keys(
        &crossing.replace("id = \"gate\"", "colour = 1"),
        &["camera[0].colour", "camera[0].id", polygon],
    );
    check_keys(&crossing.replace("url = \"rtsp", "url = 7\n#"), &["camera[0].url", polygon]);
    check_keys(&crossing.replace("id = \"z1\"", "id = \"z 1\""), &["camera[0].zone[0].id", polygon]);
    let kind = crossing.replace("\"fire_lane\"", "\"fire-lane\"\nlimit_s = 20");
    check_keys(&kind, &[polygon, "camera[0].zone[0].type"]);
    let everything = crossing
        .replace(
            "\"fire_lane\"",
            "\"fire_lane\"\ncrowd_s = 10\nclear_s = 0\nclasses = [\"person\"]\nschedule = \"day\"",
        )
        .replace("rtsp://", "ftp://")
        .replace("id = \"gate\"", "id = \"gate\"\nsample_fps = \"5\"\nrest_s = 900\ntiles = \"9x9\"");
    check_keys(
        &everything,
        &[
            "camera[0].rest_s",
            "camera[0].sample_fps",
            "camera[0].tiles",
            "camera[0].url",
            "camera[0].zone[0].classes",
            "camera[0].zone[0].clear_s",
            "camera[0].zone[0].crowd_s",
            polygon,
            "camera[0].zone[0].schedule",
        ],
    );
    // In the cameras behind it.
    let second = crossing[crossing.find("[[camera]]").expect("there")..].replace("\"gate\"", "\"yard\"");
    let both = format!("{}{second}", crossing.replace("id = \"gate\"", "id = []"));
    check_keys(&both, &["camera[0].id", polygon, "camera[1].zone[0].polygon"]);
    // Permits, times of the week and calibrations, one after the other.
    let permits = "[[camera.zone.permit]]\nclasses = [\"car\"]\nweekly = [\"mon\", \"tue\"]\n[[camera.zone.permit]]\nclasses = []\nschedule = \"x\"\n";
    let ground = "[camera.ground]\npoints = [[0, 2], [0, 0], [3, 0], [1, 1]]\nmetres = [[0, 0], [1, 0], [1, 1], [0, 1]]\n";
    check_keys(
        &format!("{GOOD}{permits}{ground}"),
        &[
            "camera[0].ground.points[0]",
            "camera[0].ground.points[2]",
            "camera[0].zone[0].permit[0].weekly[0]",
            "camera[0].zone[0].permit[0].weekly[1]",
            "camera[0].zone[0].permit[1].classes",
            "camera[0].zone[0].permit[1].schedule",
        ],
    );
}

#[test]
fn what_is_wrong_leads_to_no_problem_that_is_none() {
    let zone = |more: &str| GOOD.replace("id = \"z1\"", &format!("id = \"z1\"\n{more}"));
    // A bay whose type is mistyped is one to its group; a schedule whose name is none may be the one that is meant.
    let bay = GOOD.replace("\"fire_lane\"", "\"bayy\"").replace("[0.9, 0.9]]", "[0.9, 0.9], [0.1, 0.9]]");
    check_keys(&format!("{bay}[[camera.group]]\nid = \"g\"\nbays = [\"z1\"]\n"), &["camera[0].zone[0].type"]);
    let schedule = "[[schedule]]\nname = 7\nweekly = [\"daily 07:00-19:00\"]\n[[camera]]";
    check_keys(&zone("schedule = \"day\"").replace("[[camera]]", schedule), &["schedule[0].name"]);
    let crowd = zone("crowd = 1\ncrowd_s = 10").replace("fire_lane", "area");
    check_keys(&crowd, &["camera[0].zone[0].crowd"]);
    check_keys(&GOOD.replace("[0.9, 0.1]", "[0.9, \"a\"]"), &["camera[0].zone[0].polygon[1][1]"]);
    check_keys("camera = [\"rtsp://h/1\"]", &["broker", "camera[0]", "edge"]);
    assert!(!format!("{:?}", problems_of("camera = [7]")).contains("stand-in"));
}

#[test]
fn no_message_and_no_debug_shows_a_password() {
    let text = GOOD.replace("[broker]", "[broker]\nusername = \"u\"\npassword = \"hunter2\"");
    let edge = parse_edge(&text, Path::new("")).expect("valid");
    assert!(!format!("{edge:?}").contains("hunter2"));
    let SourceSettings::Rtsp { url, .. } = &edge.cameras[0].source else { panic!("a stream") };
    assert!(url.reveal().contains("hunter2"), "the one place that needs it has it");
    for bad in ["ftp://admin:hunter2@h/1", "rtsp://admin:hunter2@", "rtsp://admin:hunter2@h:99999/"] {
        let text = GOOD.replace("rtsp://admin:hunter2@10.0.0.9/1", bad);
        assert!(!format!("{:?}", problems_of(&text)).contains("hunter2"), "{bad}");
    }
    let typed = GOOD.replace("[broker]", "[broker]\npassword = [\"hunter2\"]");
    assert!(!format!("{:?}", problems_of(&typed)).contains("hunter2"), "{:?}", problems_of(&typed));
    // In the place of a table, and as a table in the place of a text.
    for wrong in [
        "broker = \"mqtt://u:hunter2@h\"".to_owned(),
        "camera = [\"rtsp://u:hunter2@h/1\"]".to_owned(),
        GOOD.replace("[broker]", "[broker]\nusername = { password = \"hunter2\" }"),
    ] {
        let told = format!("{:?}", problems_of(&wrong));
        assert!(!told.contains("hunter2") && told.contains("this is not of type"), "{told}");
    }
    let unfinished = GOOD.replace("[broker]", "[broker]\npassword = \"hunter2");
    let problems = problems_of(&unfinished);
    assert!(problems[0].1.contains("line 6") && !problems[0].1.contains("hunter2"), "{problems:?}");
}

#[test]
fn a_cameras_password_may_lie_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("gate.password"), "geheim/1\n").expect("written");
    let with = |line: &str| {
        let url = format!("url = \"rtsp://10.0.0.9/1\"\nusername = \"admin\"\n{line}");
        GOOD.replace("url = \"rtsp://admin:hunter2@10.0.0.9/1\"", &url)
    };
    let url = |line: &str| {
        let edge = parse_edge(&with(line), folder.path()).expect("sound");
        let SourceSettings::Rtsp { url, .. } = &edge.cameras[0].source else { panic!("a stream") };
        url.reveal().to_owned()
    };
    assert_eq!(url("password_file = \"gate.password\""), "rtsp://admin:geheim%2F1@10.0.0.9/1");
    // Whatever it holds, it is there on every machine.
    assert!(url("password_env = \"PATH\"").starts_with("rtsp://admin:"));
    let refused = |line: &str, key: &str, expected: &str| {
        let problems = parse_edge(&with(line), folder.path()).expect_err("refused").to_string();
        assert!(problems.contains(key) && problems.contains(expected), "{problems}");
    };
    refused("password_env = \"NO_SUCH_VARIABLE_1\"", "camera[0].password_env", "there is no such variable");
    refused("password_file = \"none\"", "camera[0].password_file", "no such file");
    let both = "password = \"x\"\npassword_file = \"gate.password\"";
    refused(both, "camera[0].password", "is given twice");
    for bad in ["url = \"rtsp://10.0.0.9/1\"\npassword = \"hunter2\"", "url = \"rtsp://:hunter2@10.0.0.9/1\""]
    {
        let text = GOOD.replace("url = \"rtsp://admin:hunter2@10.0.0.9/1\"", bad);
        let problems = parse_edge(&text, folder.path()).expect_err("refused").to_string();
        assert!(problems.contains("camera[0].url: a password without a user"), "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn whoever_connects_to_nothing_needs_no_passwords() {
    let url = "url = \"rtsp://10.0.0.9/1\"\nusername = \"admin\"\npassword_env = \"NO_SUCH_VARIABLE_1\"";
    let api = "api_listen = \"127.0.0.1:9601\"\napi_token_env = \"NO_SUCH_VARIABLE_2\"\n\n[broker]";
    let text = GOOD.replace("url = \"rtsp://admin:hunter2@10.0.0.9/1\"", url).replace("[broker]", api);
    let told = parse_edge(&text, Path::new("")).expect_err("refused").to_string();
    assert!(told.contains("NO_SUCH_VARIABLE_1") && told.contains("NO_SUCH_VARIABLE_2"), "{told}");
    let edge = parse_edge_offline(&text, Path::new("")).expect("sound, elsewhere");
    assert_eq!(edge.cameras.len(), 1);
    let other = text.replace("10.0.0.9", "");
    assert!(parse_edge_offline(&other, Path::new("")).is_err(), "all else is checked");
}

#[test]
fn certificates_of_cameras_are_chosen_one_way() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("gate.pem"), "one").expect("written");
    let with = |scheme: &str, line: &str| {
        let url = format!("url = \"{scheme}://10.0.0.9/1\"\n{line}");
        let text = GOOD.replace("url = \"rtsp://admin:hunter2@10.0.0.9/1\"", &url);
        parse_edge(&text, folder.path())
            .map(|edge| edge.cameras[0].tls.clone())
            .map_err(|told| told.to_string())
    };
    assert_eq!(with("rtsps", ""), Ok(TlsSettings::System));
    assert_eq!(with("https", "tls_verify = false"), Ok(TlsSettings::Any));
    let file = folder.path().join("gate.pem");
    assert_eq!(with("rtsps", "tls_ca_file = \"gate.pem\""), Ok(TlsSettings::File(file)));
    for (scheme, line, told) in [
        ("rtsp", "tls_verify = false", "are for cameras with url = \"rtsps://"),
        ("rtsps", "tls_ca_file = \"none.pem\"", "camera[0].tls_ca_file"),
        ("rtsps", "tls_ca_file = \"gate.pem\"\ntls_verify = false", "expected one of them"),
    ] {
        assert!(with(scheme, line).expect_err("refused").contains(told), "{line}");
    }
}

#[test]
fn shipped_examples_load() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    assert!(matches!(load_file(&examples.join("edge.toml")), Ok(Loaded::Edge(_))));
    assert!(matches!(load_file(&examples.join("center.toml")), Ok(Loaded::Center(_))));
    // The one to copy names files that the user is to bring: nothing else may be wrong with it.
    let problems = load_edge(&examples.join("video.toml")).expect_err("two files are missing").to_string();
    assert_eq!(problems.matches("no such file").count(), 2, "{problems}");
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn a_missing_file_and_a_wrong_center_are_told() {
    assert!(matches!(load_edge(Path::new("no-such.toml")), Err(ConfigError::Read { .. })));
    let problems = parse_center("[center]\nlisten = \"8080\"", Path::new("")).expect_err("wrong");
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert!(keys.contains(&"center.state_dir") && keys.contains(&"broker"), "{keys:?}");
}

#[test]
fn the_api_needs_an_address_and_a_token_that_cannot_be_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| std::fs::write(folder.path().join("token"), text).expect("the folder is ours");
    let with = |keys: &str| GOOD.replace("[edge]", &format!("[edge]\n{keys}"));
    let parse = |keys: &str| parse_edge(&with(keys), folder.path());
    const LISTEN: &str = "api_listen = \"127.0.0.1:9601\"\n";
    write("0123456789abcdef\n");
    let api = parse(&format!("{LISTEN}api_token_file = \"token\"")).expect("valid").api.expect("it listens");
    assert_eq!((api.listen.port(), api.token.reveal()), (9601, "0123456789abcdef"));
    assert_eq!(parse("").expect("valid").api, None);
    #[track_caller]
    fn refused(
        outcome: Result<gridwatch_config::EdgeSettings, gridwatch_config::Problems>,
        key: &str,
        part: &str,
    ) {
        let problems = outcome.expect_err("wrong").to_string();
        assert!(problems.contains(key) && problems.contains(part), "{problems}");
        assert!(!problems.contains("swordfish"), "{problems}");
    }
    refused(parse(LISTEN), "edge.api_token_file", "missing");
    refused(parse("api_token_file = \"token\""), "edge.api_listen", "missing");
    refused(parse(&format!("{LISTEN}api_token_file = \"none\"")), "edge.api_token_file", "no such file");
    refused(
        parse(&format!("{LISTEN}api_token_env = \"GRIDWATCH_NO_SUCH\"")),
        "edge.api_token_env",
        "no such variable",
    );
    let both = format!("{LISTEN}api_token_file = \"token\"\napi_token_env = \"PATH\"");
    refused(parse(&both), "edge.api_token_file", "one of them");
    write("swordfish");
    refused(parse(&format!("{LISTEN}api_token_file = \"token\"")), "edge.api_token_file", "expected 16");
}

#[test]
fn a_sub_stream_is_analysed_and_the_main_one_is_kept_for_clips() {
    let with = |sub: &str| GOOD.replace("id = \"gate\"", &format!("id = \"gate\"\nsub_url = \"{sub}\""));
    let sources = |sub: &str| {
        let camera = parse_edge(&with(sub), Path::new("")).expect("valid").cameras.remove(0);
        let url = |source: Option<SourceSettings>| match source {
            Some(SourceSettings::Rtsp { url, .. }) => url.reveal().to_owned(),
            other => panic!("{other:?}"),
        };
        (url(Some(camera.source)), url(camera.main))
    };
    let main = "rtsp://admin:hunter2@10.0.0.9/1".to_owned();
    assert_eq!(sources("rtsp://10.0.0.9/2"), ("rtsp://admin:hunter2@10.0.0.9/2".to_owned(), main.clone()));
    assert_eq!(sources("rtsp://u:p@10.0.0.9/2"), ("rtsp://u:p@10.0.0.9/2".to_owned(), main.clone()));
    assert_eq!(
        sources("rtsp://10.0.0.8/2"),
        ("rtsp://10.0.0.8/2".to_owned(), main),
        "a login goes to its own host"
    );
    assert_eq!(sources("rtsp://10.0.0.9:8554/2").0, "rtsp://10.0.0.9:8554/2", "and to its own port");
    assert_eq!(
        sources("rtsp://10.0.0.9:554/2").0,
        "rtsp://admin:hunter2@10.0.0.9:554/2",
        "which is 554 as a rule"
    );
    check(
        &GOOD
            .replace("rtsp://admin", "rtsps://admin")
            .replace("id = \"gate\"", "id = \"gate\"\nrecord = true"),
        "camera[0].record",
        "over TLS",
    );
    assert_eq!(parse_edge(GOOD, Path::new("")).expect("valid").cameras[0].main, None);
    check(&with("http://10.0.0.9/2"), "camera[0].sub_url", "rtsp://HOST/PATH");
    check(&with("rtsp://10.0.0.9/1"), "camera[0].sub_url", "same as url");
    let http = with("rtsp://10.0.0.9/2").replace("rtsp://admin:hunter2@10.0.0.9/1", "http://10.0.0.9/1");
    check(&http, "camera[0].sub_url", "rtsp://HOST/PATH");
    let wrong = problems_of(&GOOD.replace("id = \"gate\"", "id = \"gate\"\nsub_url = 7"));
    assert_eq!(wrong[0].0, "camera[0].sub_url");
}

#[test]
fn a_name_is_a_line_that_people_can_read() {
    let named = |name: &str| GOOD.replace("id = \"gate\"", &format!("id = \"gate\"\nname = \"{name}\""));
    for bad in ["", "  ", "a\\u0000b", "a\\nb", &"门".repeat(201)] {
        assert_eq!(problems_of(&named(bad))[0].0, "camera[0].name", "{bad:?}");
    }
    let good = parse_edge(&named(&"门".repeat(200)), Path::new("")).expect("valid");
    assert_eq!(good.cameras[0].name.chars().count(), 200);
}

#[test]
fn near_passes_are_kept_for_ninety_days_unless_the_file_says_otherwise() {
    let of = |table: &str| parse_edge(&format!("{GOOD}{table}"), Path::new("")).expect("valid").near_passes;
    let day = std::time::Duration::from_secs(86_400);
    assert_eq!((of("").keep, of("").max_rows), (day * 90, 1_000_000));
    let chosen = of("[near_passes]\nkeep_days = 7\nmax_rows = 5000\n");
    assert_eq!((chosen.keep, chosen.max_rows), (day * 7, 5_000));
    check(&format!("{GOOD}[near_passes]\nkeep_days = 0\n"), "near_passes.keep_days", "1");
    check(&format!("{GOOD}[near_passes]\nkeep_days = 3651\n"), "near_passes.keep_days", "3650");
    check(&format!("{GOOD}[near_passes]\nmax_rows = 999\n"), "near_passes.max_rows", "1000");
}
