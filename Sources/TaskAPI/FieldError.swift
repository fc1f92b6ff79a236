/// An error in one of a request's values, in the vocabulary of FastAPI and pydantic, which the clients expect.
struct FieldError: Equatable {
    /// The location of the value.
    enum Location: Equatable {
        case taskID
        case body
        case bodyByte(Int)
        case title
        case description
        case completed
        case isCompleted
    }

    /// The kind of error.
    enum Kind: CaseIterable {
        case notJSON
        case notAnObject
        case notANumber
        case missing
        case notAString
        case notABoolean
        case blank
        case titleTooLong
        case descriptionTooLong
        case holdsNull
    }

    var location: Location
    var kind: Kind

    init(_ location: Location, _ kind: Kind) {
        self.location = location
        self.kind = kind
    }
}

extension FieldError.Location {
    /// The first element of `loc`: the part of the request.
    var part: StaticString {
        self == .taskID ? "path" : "body"
    }

    /// The second element of `loc`: the name of the value; nil for the whole body and for a position in it.
    var name: StaticString? {
        switch self {
        case .taskID: "id"
        case .body, .bodyByte: nil
        case .title: "title"
        case .description: "description"
        case .completed: "completed"
        case .isCompleted: "is_completed"
        }
    }
}

extension FieldError.Kind {
    /// The machine-readable type, from pydantic's vocabulary.
    var type: StaticString {
        switch self {
        case .notJSON: "json_invalid"
        case .notAnObject: "model_attributes_type"
        case .notANumber: "int_parsing"
        case .missing: "missing"
        case .notAString: "string_type"
        case .notABoolean: "bool_type"
        case .blank: "string_too_short"
        case .titleTooLong, .descriptionTooLong: "string_too_long"
        case .holdsNull: "value_error"
        }
    }

    /// The human-readable message.
    var message: StaticString {
        switch self {
        case .notJSON: "JSON decode error"
        case .notAnObject: "Input should be an object"
        case .notANumber: "Input should be a valid integer"
        case .missing: "Field required"
        case .notAString: "Input should be a valid string"
        case .notABoolean: "Input should be a valid boolean"
        case .blank: "String should have at least 1 character that is not white space"
        case .titleTooLong: "String should have at most 200 characters"
        case .descriptionTooLong: "String should have at most 1000 characters"
        case .holdsNull: "String should not contain U+0000"
        }
    }
}
