# Makes text files part of the program: cmake "-DINPUT=a.js;b.js" -DOUTPUT=a.inc -P EmbedText.cmake
# writes a raw string literal, for `constexpr std::string_view kA =` + #include "a.inc" + `;`.
#
# Several files are joined, and what only their authors need is left out: comments,
# indentation, empty lines, and, since they share one scope then, `import` and `export`. So nothing
# in them may depend on the beginning of a line (a string over several lines would).
list(LENGTH INPUT inputs)
set(text "")
foreach(file IN LISTS INPUT)
  file(READ ${file} part)
  if(inputs GREATER 1)
    string(REGEX REPLACE "\nimport [^;]*;" "\n" part "\n${part}")
    string(REGEX REPLACE "\nexport (default )?" "\n" part "${part}")
    string(REGEX REPLACE "\n *//[^\n]*" "" part "${part}")
    string(REGEX REPLACE "\n */\\*([^*]|\\*[^/])*\\*/" "" part "${part}")
    string(REGEX REPLACE ";  +//[^\n]*" ";" part "${part}")
    string(REGEX REPLACE "\n[ \n]+" "\n" part "${part}")
  endif()
  string(APPEND text "${part}")
endforeach()
if(text MATCHES "\\)embedded\"")
  message(FATAL_ERROR "${INPUT} holds the delimiter of the literal it is to become")
endif()
file(WRITE ${OUTPUT} "R\"embedded(${text})embedded\"\n")
