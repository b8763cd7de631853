# Makes a text file part of the program: cmake -DINPUT=a.js -DOUTPUT=a.inc -P EmbedText.cmake writes
# a raw string literal, for `constexpr std::string_view kA =` + #include "a.inc" + `;`.
file(READ ${INPUT} text)
if(text MATCHES "\\)embedded\"")
  message(FATAL_ERROR "${INPUT} holds the delimiter of the literal it is to become")
endif()
file(WRITE ${OUTPUT} "R\"embedded(${text})embedded\"\n")
