internal import Tasks

/// Converts a body's members to an operation; errors are collected, and the result is valid only if there are none.
extension TaskMembers {
    /// A new task: the title is required, everything else may be absent or null.
    func draft(errors: inout [FieldError]) -> TaskDraft {
        requireObject(errors: &errors)
        let title = self.title.value(at: .title, errors: &errors)
        switch self.title {
        case .absent where shape == .object: errors.append(FieldError(.title, .missing))
        case .null: errors.append(FieldError(.title, .notAString))
        default: break
        }
        return TaskDraft(
            title: title ?? "",
            description: description.value(at: .description, errors: &errors),
            completed: completed.value(at: .completed, errors: &errors) ?? false
        )
    }

    /// A change: absent members and a null title or state stay unchanged; a null description is cleared.
    func patch(errors: inout [FieldError]) -> TaskPatch {
        requireObject(errors: &errors)
        let title = title.value(at: .title, errors: &errors)
        let change: TaskPatch.DescriptionChange
        if let text = description.value(at: .description, errors: &errors) {
            change = .set(text)
        } else if case .null = description {
            change = .clear
        } else {
            change = .keep
        }
        return TaskPatch(
            title: title, description: change, completed: completed.value(at: .completed, errors: &errors))
    }

    /// The state to set, or nil to toggle: for no body, `null`, and an object without a state.
    func completion(errors: inout [FieldError]) -> Bool? {
        if shape == .other { requireObject(errors: &errors) }
        let completed = completed.value(at: .completed, errors: &errors)
        let isCompleted = isCompleted.value(at: .isCompleted, errors: &errors)
        return completed ?? isCompleted
    }

    private func requireObject(errors: inout [FieldError]) {
        switch shape {
        case .object: break
        // An absent body is a missing value, not a syntax error, as in FastAPI.
        case .absent: errors.append(FieldError(.body, .missing))
        case .null, .other: errors.append(FieldError(.body, .notAnObject))
        }
    }
}
