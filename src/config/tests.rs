//! Who wins, and what stops the start.

use super::{BadFeature, Config, ConfigError, FEATURES, Given};
use actors::Switches;
use std::path::PathBuf;

fn resolve(given: Given, env: &[(&str, &str)], file: Option<&str>) -> Result<Config, ConfigError> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    Config::resolve(given, |name| env.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()), file)
}

const HOME: (&str, &str) = ("HOME", "/home/ada");

#[test]
fn flags_win_over_the_environment_over_the_file_over_defaults() {
    let file = "listen = \"127.0.0.1:3\"\ndata = \"/file\"\nworkers = 3\n";
    let env = [HOME, ("GIGAFACTORY_LISTEN", "127.0.0.1:2"), ("GIGAFACTORY_DATA", "/env")];
    let given = Given { listen: Some("127.0.0.1:1".to_owned()), data: Some(PathBuf::from("/flag")), workers: Some(2) };
    let told = |config: Config| (config.listen.port(), config.data, config.workers);
    let data = |path: &str| PathBuf::from(path);
    assert_eq!(told(resolve(given, &env, Some(file)).unwrap()), (1, data("/flag"), 2));
    assert_eq!(told(resolve(Given::default(), &env, Some(file)).unwrap()), (2, data("/env"), 3));
    assert_eq!(told(resolve(Given::default(), &[HOME], Some(file)).unwrap()), (3, data("/file"), 3));
    let home = data("/home/ada/.local/share/gigafactory");
    assert_eq!(told(resolve(Given::default(), &[HOME], None).unwrap()), (4003, home, 1));
    let xdg = resolve(Given::default(), &[HOME, ("XDG_DATA_HOME", "/xdg")], None).unwrap();
    assert_eq!(xdg.data, data("/xdg/gigafactory"));
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let says = |env: &[(&str, &str)], file: Option<&str>| resolve(Given::default(), env, file).unwrap_err().to_string();
    assert!(says(&[HOME, ("GIGAFACTORY_LISTEN", "here")], None).starts_with("GIGAFACTORY_LISTEN: \"here\""));
    assert!(says(&[HOME], Some("listne = 1")).contains("listne"));
    assert!(says(&[HOME], Some("workers = 0")).contains("not 0"));
    assert!(says(&[HOME], Some("[flags]\nFLEET_X = true")).contains("no flag FLEET_X"));
    assert!(says(&[], None).contains("--data"));
}

#[test]
fn a_feature_that_is_not_there_cannot_be_switched_on() {
    let missing: Vec<_> = FEATURES.iter().filter(|feature| !feature.address && !feature.is_here()).collect();
    assert_eq!(missing.len(), 4);
    for feature in missing {
        for word in ["1", "true", "on"] {
            let refused = resolve(Given::default(), &[HOME, (feature.name, word)], None).unwrap_err();
            assert!(matches!(refused, ConfigError::Feature(BadFeature::Missing { name, .. }) if name == feature.name));
        }
        for word in ["0", "false", "off", ""] {
            assert!(resolve(Given::default(), &[HOME, (feature.name, word)], None).is_ok(), "{word}");
        }
        for word in ["yes", "TRUE", "2", " on"] {
            let refused = resolve(Given::default(), &[HOME, (feature.name, word)], None).unwrap_err();
            assert!(refused.to_string().starts_with(feature.name), "{refused}");
        }
        let file = format!("[flags]\n{} = true\n", feature.name);
        assert!(resolve(Given::default(), &[HOME], Some(&file)).is_err());
        // The environment is asked first.
        assert!(resolve(Given::default(), &[HOME, (feature.name, "off")], Some(&file)).is_ok());
    }
    for (name, address) in [("FLEET_NATS_URL", "nats://localhost"), ("DATABASE_URL", "postgres://localhost/fleet")] {
        let refused = resolve(Given::default(), &[HOME, (name, address)], None).unwrap_err().to_string();
        assert!(refused.starts_with(name) && refused.ends_with(": unset it"), "{refused}");
        assert!(resolve(Given::default(), &[HOME, (name, "")], None).is_ok());
    }
}

#[test]
fn a_feature_that_is_there_is_on_or_off() {
    let off = Switches::default();
    let cases = [
        ("FLEET_PREEMPTION", Switches { preemption: true, ..off }),
        ("FLEET_SHADOW", Switches { shadow: true, ..off }),
    ];
    assert!(cases.iter().map(|(name, _)| *name).eq(FEATURES.iter().filter(|one| one.is_here()).map(|one| one.name)));
    let switches =
        |env: &[(&str, &str)], file: Option<&str>| resolve(Given::default(), env, file).map(|config| config.switches);
    assert_eq!(switches(&[HOME], None).unwrap(), off);
    for (name, on) in cases {
        for word in ["1", "true", "on"] {
            assert_eq!(switches(&[HOME, (name, word)], None).unwrap(), on, "{name}={word}");
        }
        for word in ["0", "false", "off", ""] {
            assert_eq!(switches(&[HOME, (name, word)], None).unwrap(), off, "{name}={word}");
        }
        for word in ["yes", "TRUE", "2", " on"] {
            let refused = switches(&[HOME, (name, word)], None).unwrap_err().to_string();
            assert!(refused.starts_with(name) && refused.contains(word), "{refused}");
        }
        for (value, means) in [("true", on), ("1", on), ("\"on\"", on), ("false", off), ("0", off), ("\"off\"", off)] {
            let file = format!("[flags]\n{name} = {value}\n");
            assert_eq!(switches(&[HOME], Some(&file)).unwrap(), means, "{file}");
            // The environment is asked first.
            assert_eq!(switches(&[HOME, (name, "on")], Some(&file)).unwrap(), on, "{file}");
            assert_eq!(switches(&[HOME, (name, "off")], Some(&file)).unwrap(), off, "{file}");
        }
        for value in ["2", "\"yes\"", "1.5", "[]"] {
            let file = format!("[flags]\n{name} = {value}\n");
            assert!(switches(&[HOME], Some(&file)).is_err(), "{file}");
        }
    }
    let both = [HOME, ("FLEET_PREEMPTION", "1"), ("FLEET_SHADOW", "true")];
    assert_eq!(switches(&both, None).unwrap(), Switches { preemption: true, shadow: true });
    assert!(switches(&both, Some("[flags]\nFLEET_X = true")).unwrap_err().to_string().contains("no flag FLEET_X"));
}
