import Testing

@testable import Settings

@Suite("Database URLs")
struct DatabaseURLTests {
    @Test(
        "A URL of the Python backend is converted to libpq's form; any other stays unchanged",
        arguments: [
            ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql://u:p@h/d?sslmode=require"),
            ("postgresql+asyncpg://u:p@h/d", "postgresql://u:p@h/d"),
            ("postgres+asyncpg://h/d?a=b&ssl=verify-full&c=d", "postgres://h/d?a=b&sslmode=verify-full&c=d"),
            ("postgresql+psycopg2://u@h/d?sslmode=require", "postgresql://u@h/d?sslmode=require"),
            ("postgresql+psycopg://u:a+b@h/d", "postgresql://u:a+b@h/d"),
            ("postgresql://u:p@h/d?sslmode=require", "postgresql://u:p@h/d?sslmode=require"),
            ("postgresql://u:a+b@h/d", "postgresql://u:a+b@h/d"),
            ("postgres://h/d?ssl=true", "postgres://h/d?ssl=true"),
            ("host=h user=u password=a+b://c", "host=h user=u password=a+b://c"),
            ("host=h dbname=d", "host=h dbname=d"),
            ("", ""),
        ])
    func libpqURL(_ url: String, _ expected: String) {
        #expect(DatabaseSettings.libpqURL(url) == expected)
    }

    @Test("Migrations have a URL of their own, or the workers' URL; both are converted")
    func migration() {
        var reader = SettingsReader(["DATABASE_URL": "postgresql+asyncpg://w@h/d"])
        #expect(DatabaseSettings(&reader).migrationURL == "postgresql://w@h/d")
        reader = SettingsReader([
            "DATABASE_URL": "postgresql://w@h/d", "DATABASE_MIGRATION_URL": "postgresql+asyncpg://o@h/d?ssl=require",
        ])
        let settings = DatabaseSettings(&reader)
        #expect(settings.url == "postgresql://w@h/d")
        #expect(settings.migrationURL == "postgresql://o@h/d?sslmode=require")
        #expect(reader.problems.isEmpty)
    }

    @Test("DATABASE_MIGRATION_URL without DATABASE_URL is a problem")
    func noURL() {
        var reader = SettingsReader(["DATABASE_MIGRATION_URL": "postgresql://o@h/d"])
        _ = DatabaseSettings(&reader)
        #expect(reader.problems.map { $0.prefix(23) } == ["DATABASE_URL is not set"])
    }

    @Test(
        "The workers' role is given where it differs from the owner's",
        arguments: [
            ("postgresql://worker@h/d", "postgresql://owner@h/d", "worker"),
            ("postgresql://same@h/d", "postgresql://same@other/d", nil),
            ("postgresql://same@h/d", nil, nil),
        ])
    func runtimeRole(_ url: String, _ migrationURL: String?, _ role: String?) throws {
        var reader = SettingsReader(["DATABASE_URL": url, "DATABASE_MIGRATION_URL": migrationURL ?? ""])
        #expect(try DatabaseSettings(&reader).runtimeRole() == role)
    }
}
